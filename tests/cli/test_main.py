"""From words to a command, and from what happens in it to an exit code."""

import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.main import get_group

from responder import __version__
from responder.cli.main import COMMANDS

LOADED = """
import sys
from responder.cli.main import main
try:
    main(["serve", "--help"])
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""


def test_the_overview_lists_every_command_without_importing_any(run):
    before = set(sys.modules)
    ended = run("--help")
    assert ended.code == 0
    assert all(f"\n  {name} " in ended.out for name in COMMANDS)
    assert not {one for one in set(sys.modules) - before if one.startswith("responder")}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_itself_says(name):
    program = typer.Typer()
    program.add_typer(import_module(COMMANDS[name].module).app)
    told = get_group(program).commands[name].help
    assert told.splitlines()[0] == COMMANDS[name].summary


def test_the_version_is_told(run):
    ended = run("--version")
    assert (ended.code, ended.out) == (0, f"responder {__version__}\n")


@pytest.mark.parametrize("words", [[], ["nonsense"], ["status", "--nonsense"], ["explain"]])
def test_a_mistake_in_the_words_is_told_on_stderr_with_code_2(run, words):
    ended = run(*words)
    assert ended.code == 2
    assert not ended.out
    assert "Usage: responder" in ended.err


def test_a_word_that_is_nearly_a_command_gets_a_hint(run):
    assert "'status'" in run("statsu").err


def test_it_runs_as_a_module_too():
    ended = subprocess.run(
        [sys.executable, "-m", "responder", "--version"], capture_output=True, check=True, text=True
    )
    assert ended.stdout == f"responder {__version__}\n"


def test_serve_loads_nothing_that_only_costs_memory():
    ended = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, check=True, text=True
    )
    loaded = ended.stderr.partition("loaded:")[2].split()
    assert "responder.app" in loaded
    assert not {"rich", "pygments", "alembic", "promql_parser"} & set(loaded)
