"""What promtool says of rule files, where it is installed."""

import asyncio
import re
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path

from responder.rulefiles.finding import Finding
from responder.rulefiles.registry import PROMTOOL

__all__ = ["ask_promtool"]

_TIMEOUT = 60.0
"""Seconds; a file takes a few milliseconds."""
_ADVICE = "correct it; `promtool check rules` shows the same"
_PLACED = re.compile(
    r'(?P<file>.+?): (?P<line>\d+):\d+: (?:group "(?P<group>[^"]*)", )?'
    r'(?:rule \d+, )?(?:"(?P<rule>[^"]*)": )?(?P<what>.+)'
)


async def ask_promtool(program: str, paths: Sequence[Path]) -> list[Finding]:
    """Return what it complains about; it is asked about each file once there is a complaint."""
    if not paths or not (await _complaint(program, paths)):
        return []
    findings = []
    for path in paths:
        said = await _complaint(program, [path])
        findings += _findings(path, said)
    return findings


async def _complaint(program: str, paths: Sequence[Path]) -> str:
    """Return what it says when it is not content; empty when it is."""
    words = ("check", "rules", "--lint=all", "--lint-fatal", *map(str, paths))
    try:
        process = await asyncio.create_subprocess_exec(program, *words, stdout=PIPE, stderr=PIPE)
    except OSError as error:
        return f"{program} cannot be run ({error.strerror})"
    try:
        _, told = await asyncio.wait_for(process.communicate(), _TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"{program} did not answer within {_TIMEOUT:g} s"
    said = told.decode(errors="replace").strip() or f"it ended with {process.returncode}"
    return said if process.returncode else ""


def _findings(path: Path, said: str) -> list[Finding]:
    lines = [line.strip() for line in said.splitlines() if line.strip() not in {"", "FAILED:"}]
    placed = [found for line in lines if (found := _PLACED.fullmatch(line))]
    if placed:
        return [_placed(path, found) for found in placed]
    text = " ".join(line.removeprefix(f"{path}: ") for line in lines)
    return [Finding(str(path), 0, PROMTOOL, text, _ADVICE)] if text else []


def _placed(path: Path, found: re.Match[str]) -> Finding:
    place = {"group": found["group"] or "", "rule": found["rule"] or ""}
    return Finding(str(path), int(found["line"]), PROMTOOL, found["what"], _ADVICE, **place)
