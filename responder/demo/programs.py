"""Finding the programs of others that a stack needs."""

import shutil
from dataclasses import dataclass

from responder.demo.errors import StackError

__all__ = ["Programs", "find_programs"]

_DEBIAN = {
    "alertmanager": "prometheus-alertmanager",
    "node_exporter": "prometheus-node-exporter",
}

_TOOLS = ".tools/bin"
"""Where `make tools` puts them, in the folder of the clone."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs."""

    prometheus: str
    alertmanager: str
    node_exporter: str


def find_programs() -> Programs:
    """Look on PATH and in the clone, under upstream's names and Debian's."""
    found = {name: _find(name) for name in Programs.__annotations__}
    missing = [name for name, path in found.items() if not path]
    if missing:
        raise StackError(
            f"not found on PATH nor in {_TOOLS}: {', '.join(missing)}\n"
            "In a clone of the repository `make tools` gets them without installing anything.\n"
            "Else install Prometheus >= 2.42, Alertmanager >= 0.25 and node_exporter:\n"
            "  Debian, Ubuntu:  apt-get install prometheus prometheus-alertmanager"
            " prometheus-node-exporter\n"
            "  elsewhere:       https://prometheus.io/download/"
        )
    return Programs(**{name: path for name, path in found.items() if path})


def _find(name: str) -> str | None:
    names = [name, _DEBIAN.get(name, name)]
    paths = (shutil.which(each, path=place) for place in (None, _TOOLS) for each in names)
    return next((path for path in paths if path), None)
