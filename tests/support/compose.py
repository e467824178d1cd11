"""docker-compose.yml as Docker Compose reads it, and its programs run without containers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?P<how>:[-+])(?P<then>(?:[^${}]|\$\{[^{}]*\})*)\})"
)
"""The forms of the specification that the file uses: `:-` and `:+`, one within another."""

_ADDRESS = re.compile(r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)")


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """Replace the variables of a text as Compose does."""

    def value(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        given = environ.get(found["name"], "")
        then = interpolated(found["then"], environ)
        return (given or then) if found["how"] == ":-" else (then if given else "")

    return _VARIABLE.sub(value, text)


def compose(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the file with its anchors and variables resolved."""

    def resolved(node: Any) -> Any:
        if isinstance(node, str):
            return interpolated(node, environ)
        if isinstance(node, list):
            return [resolved(each) for each in node]
        if isinstance(node, dict):
            return {key: resolved(each) for key, each in node.items()}
        return node

    return resolved(yaml.safe_load(FILE.read_text()))


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, in order."""
    text = (ROOT / ".docker/Dockerfile").read_text()
    return re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", text, flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mount:
    """What a service sees at a path: a path of the repository, or a named volume."""

    source: str
    target: str
    read_only: bool

    @property
    def from_repository(self) -> bool:
        return self.source.startswith(".")


def mounts(service: Mapping[str, Any]) -> list[Mount]:
    """Return what is mounted into a service, of either syntax."""
    return [
        Mount(one["source"], one["target"], one.get("read_only", False))
        if isinstance(one, dict)
        else Mount(*one.split(":")[:2], read_only=one.endswith(":ro"))
        for one in service.get("volumes", [])
    ]


def ports_of(text: str) -> set[int]:
    """Return the ports of all addresses of this machine in a text."""
    return {int(port) for port in _ADDRESS.findall(text)}


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder that stands for the file systems of the containers, and ports for theirs."""

    folder: Path
    ports: Mapping[int, int]

    def localized(self, text: str, service: Mapping[str, Any]) -> str:
        """Replace the paths that a service sees by ours, and the addresses by free ones."""
        text = _ADDRESS.sub(lambda found: f"127.0.0.1:{self.ports[int(found[1])]}", text)
        for mount in mounts(service):
            text = re.sub(
                rf"(?<![\w.]){re.escape(mount.target)}(?=/|$|\s)", str(self.place(mount)), text
            )
        return text

    def place(self, mount: Mount) -> Path:
        """Return where on the ground a mount lies."""
        if mount.from_repository:
            return self.folder / "repository" / mount.source
        return self.folder / "volumes" / mount.source

    def prepare(self, services: Mapping[str, Mapping[str, Any]]) -> None:
        """Copy what is mounted, with the addresses replaced in configurations; make volumes."""
        for service in services.values():
            for mount in mounts(service):
                self.place(mount).mkdir(parents=True, exist_ok=True)
                if mount.from_repository:
                    for name, text in _files(ROOT / mount.source):
                        target = self.place(mount) / name
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_text(self.localized(text, service))


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.rglob("*"):
        if path.is_file() and "tests" not in path.parts[len(folder.parts) :]:
            yield path.relative_to(folder), path.read_text()
