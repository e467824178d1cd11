"""What the code promises about security, as far as reading it shows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORE = sorted((ROOT / "responder" / "store").rglob("*.py"))
RAW = {
    "text",
    "exec_driver_sql",
    "literal_column",
    "DDL",
    "execute",
    "executemany",
    "executescript",
}
"""Functions that take SQL as text."""
SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|VACUUM|ATTACH|LISTEN|COPY|SET)\s",
    re.IGNORECASE,
)


def constant(node: ast.AST) -> bool:
    """Tell whether a value is written in the program, as its name in capitals says."""
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    if isinstance(node, ast.Attribute):
        return node.attr.isupper()
    if isinstance(node, ast.BinOp):
        return constant(node.left) and constant(node.right)
    return isinstance(node, ast.Constant)


def formatted(node: ast.AST) -> bool:
    """Tell whether a text is put together out of parts that are no constants of the program."""
    if isinstance(node, ast.JoinedStr):
        parts = [one.value for one in node.values if isinstance(one, ast.FormattedValue)]
        return not all(map(constant, parts))
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and not constant(node)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in {"format", "format_map", "join"}


def raw_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in RAW and node.args:
                yield node


@pytest.mark.parametrize("path", STORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sql_is_put_together_from_parts(path):
    tree = ast.parse(path.read_text())
    for call in raw_calls(tree):
        parts = [node for node in ast.walk(call.args[0]) if formatted(node)]
        assert parts == [], f"{path}:{call.lineno}: bind the value instead"
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and formatted(node):
            first = node.values[0]
            begins = str(first.value) if isinstance(first, ast.Constant) else ""
            assert not SQL.match(begins), f"{path}:{node.lineno}: bind the value instead"


@pytest.mark.parametrize(
    "statement",
    [
        'connection.execute(sa.text(f"SELECT {name}"))',
        'connection.exec_driver_sql("SELECT %s" % name)',
        'connection.exec_driver_sql("SELECT " + name)',
        'connection.execute(sa.text("SELECT {}".format(name)))',
        "cursor.execute(', '.join(names))",
        'sa.literal_column(f"{name}")',
    ],
)
def test_the_look_for_sql_sees_what_it_must(statement):
    (call, *_) = raw_calls(ast.parse(statement))
    assert any(formatted(node) for node in ast.walk(call.args[0]))


def test_every_statement_of_security_names_a_test_that_exists():
    document = (ROOT / "docs" / "SECURITY.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", document)
    assert len(named) >= 20
    for name, test in named:
        source = (ROOT / name).read_text()
        assert not test or re.search(rf"^(async )?def {test}\(", source, re.MULTILINE), (name, test)


def test_every_token_is_compared_in_constant_time():
    """A comparison that ends at the first wrong character tells how many were right."""
    doors = (ROOT / "responder" / "web" / "doors.py").read_text()
    (refusal,) = (
        node
        for node in ast.walk(ast.parse(doors))
        if isinstance(node, ast.FunctionDef) and node.name == "refusal"
    )
    comparisons = [ast.unparse(node) for node in ast.walk(refusal) if isinstance(node, ast.Compare)]
    assert "compare_digest(_offered(door, knock.authorization), expected)" in ast.unparse(refusal)
    assert [one for one in comparisons if "expected" in one or "authorization" in one] == []


@pytest.mark.parametrize(
    "line",
    [
        "User=responder",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "PrivateDevices=yes",
        "RestrictNamespaces=yes",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
        "LimitCORE=0",
        "StateDirectoryMode=0700",
        "UMask=0077",
    ],
)
def test_the_unit_that_is_shipped_is_as_hardened_as_the_page_says(line):
    unit = (ROOT / "docs" / "examples" / "responder.service").read_text()
    assert line in unit.splitlines()
