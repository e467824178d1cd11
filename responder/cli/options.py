"""Options that several commands have, and the settings that they lead to."""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, Settings, find_config, load_settings

__all__ = ["Assignments", "Config", "Output", "OutputOption", "load"]


class Output(StrEnum):
    """How an answer is shown."""

    TABLE = "table"
    JSON = "json"


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        show_default=False,
        help="The configuration; else RESPONDER_CONFIG, else responder.yml here or in"
        " /etc/responder.",
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        show_default=False,
        help="Set one value, such as server.listen=127.0.0.1:9999. May be repeated.",
    ),
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="For people, or programs.")]


def load(config: Path | None, assignments: Sequence[str] | None = None) -> Settings:
    """Load the configuration; ConfigError with all that is wrong with it."""
    command_line = dict(_assignment(text) for text in assignments or ())
    file = ConfigFile.read(find_config(config, os.environ))
    return load_settings(file, KINDS, environ=os.environ, command_line=command_line)


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is no assignment; write KEY=VALUE", param_hint="--set")
    return key.strip(), value
