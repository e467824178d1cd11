"""The page of faults, from the tests: `python tests/support/fault_matrix.py > docs/faults.md`.

A module of fault tests gives its group (the first line of its docstring), the name of a test what
fails and what happens then, and the test's docstring what the user sees. Nothing else is told.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = "tests/e2e"
PATTERNS = (
    "test_crashes.py",
    "test_faults_*.py",
    "test_operator.py",
    "test_prefixes.py",
    "test_replicas.py",
    "test_restarts.py",
)
FIRST = ("The alert chain", "Cloudflare fails", "Host and process", "The responder is killed")
"""The other groups follow, by their titles."""

NAMES = {
    "alertmanager": "Alertmanager",
    "alertmanagers": "Alertmanagers",
    "api": "API",
    "cloudflare": "Cloudflare",
    "postgresql": "PostgreSQL",
    "prometheus": "Prometheus",
    "sighup": "SIGHUP",
    "sigterm": "SIGTERM",
    "sqlite": "SQLite",
}

HEAD = """\
# What happens when something fails

Each line is the name of a test with real programs: Responder, a simulated Cloudflare, and what
the line is about of Prometheus, Alertmanager and PostgreSQL. The page is made from the tests by
`python tests/support/fault_matrix.py > docs/faults.md`, and `make test` fails when it says
anything else than they do.
"""


@dataclass(frozen=True)
class Fault:
    """One test, as the page shows it."""

    group: str
    path: str
    test: str
    seen: str

    @property
    def sentence(self) -> str:
        """What fails, and what happens then."""
        words = self.test.removeprefix("test_").split("_")
        text = " ".join(NAMES.get(word, word) for word in words)
        return text[:1].upper() + text[1:]

    @property
    def row(self) -> str:
        cells = (one.replace("|", "\\|") for one in (self.sentence, self.seen))
        return f"| {' | '.join(cells)} |"


def files(root: Path) -> list[Path]:
    """Return the modules that hold fault tests."""
    return sorted({path for pattern in PATTERNS for path in (root / FOLDER).glob(pattern)})


def faults(path: Path, root: Path) -> Iterator[Fault]:
    """Yield the tests of one module in their order."""
    module = ast.parse(path.read_text())
    group = (ast.get_docstring(module) or path.stem).splitlines()[0].rstrip(".")
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_":
            said = (ast.get_docstring(node) or "").partition("\n\n")[0]
            yield Fault(group, str(path.relative_to(root)), node.name, " ".join(said.split()))


def page(found: Sequence[Fault]) -> str:
    """Write the page: a table for each group."""
    groups = {one.group for one in found}
    order = [one for one in FIRST if one in groups]
    order += sorted(groups - set(order))
    tables = (table(group, [one for one in found if one.group == group]) for group in order)
    return "\n".join([HEAD, *tables])


def table(group: str, found: Sequence[Fault]) -> str:
    paths = sorted({one.path for one in found})
    tests = ", ".join(f"[{Path(path).name}](../{path})" for path in paths)
    head = ["| what fails, and what happens | what you see |", "|---|---|"]
    return "\n".join([f"## {group}", "", f"Tests: {tests}", "", *head, *(f.row for f in found), ""])


def matrix(root: Path = ROOT) -> str:
    """Return the page for the tests as they are now."""
    return page([fault for path in files(root) for fault in faults(path, root)])


if __name__ == "__main__":
    sys.stdout.write(matrix())
