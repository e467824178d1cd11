"""A configuration in one line: its text in, settings or problems out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from responder.errors import ConfigError
from responder.ports import MitigationKind
from responder.settings import ConfigFile, Settings, load_settings

MINIMAL = """\
cloudflare:
  api_token: a-token
alertmanager:
  urls: [http://127.0.0.1:9093]
sites:
  shop:
    zones: [example.com]
"""


class UnderAttackOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fallback_level: str = "medium"
    weight: float = 1.0


class PrefixOptions(BaseModel):
    attempts: int = 3


KINDS = (
    MitigationKind("under_attack", "zone", UnderAttackOptions),
    MitigationKind(
        "prefix_advertisement",
        "prefix",
        PrefixOptions,
        sustain_expires=False,
        adopt=True,
        guards={"calm_period": "15m"},
    ),
)


@dataclass(frozen=True)
class Loader:
    """Loads a text as the file `responder.yml` (or another suffix)."""

    minimal: str = MINIMAL
    suffix: str = ".yml"
    environ: Mapping[str, str] = field(default_factory=dict)
    command_line: Mapping[str, str] = field(default_factory=dict)

    def settings(self, text: str) -> Settings:
        return load_settings(
            ConfigFile(Path(f"responder{self.suffix}"), text),
            KINDS,
            environ=self.environ,
            command_line=self.command_line,
        )

    def problems(self, text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.settings(text)
        return caught.value.problems


@pytest.fixture
def load() -> Callable[..., Loader]:
    return Loader


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "secret", text: str = "in-a-file\n") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write
