"""The page of faults tells what the tests tell, and no more."""

import ast

import pytest
from support.fault_matrix import ROOT, Fault, faults, files, matrix

NEVER_RUN = {"skip", "skipif", "xfail", "importorskip"}
FOUND = [fault for path in files(ROOT) for fault in faults(path, ROOT)]

MODULE = '''"""The weather.

More of it.
"""

HELP = 1


def helper(): ...


def test_prometheus_rains_and_nothing_happens():
    """You stay dry,
    or a|most."""


async def test_the_api_snows(): ...
'''


def test_the_page_is_made_from_the_tests_as_they_are():
    page = (ROOT / "docs/faults.md").read_text()

    assert page == matrix(), "run `python tests/support/fault_matrix.py > docs/faults.md`"


def test_each_test_is_on_the_page_once():
    assert len({(one.path, one.test) for one in FOUND}) == len(FOUND)
    assert len({one.sentence for one in FOUND}) == len(FOUND)


@pytest.mark.parametrize("fault", FOUND, ids=lambda fault: fault.test)
def test_each_line_says_what_the_user_sees(fault):
    assert fault.seen.endswith(".")


@pytest.mark.parametrize("path", files(ROOT), ids=lambda path: path.name)
def test_what_is_on_the_page_runs_with_the_whole_chain_and_is_never_left_out(path):
    text = path.read_text()
    names = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}

    assert names & NEVER_RUN == set()
    assert "pytest.mark.e2e" in text


def test_a_module_gives_its_group_and_its_tests(tmp_path):
    path = tmp_path / "tests/e2e/test_faults_weather.py"
    path.parent.mkdir(parents=True)
    path.write_text(MODULE)

    first, second = faults(path, tmp_path)

    assert first == Fault(
        "The weather",
        "tests/e2e/test_faults_weather.py",
        "test_prometheus_rains_and_nothing_happens",
        "You stay dry, or a|most.",
    )
    assert first.row == "| Prometheus rains and nothing happens | You stay dry, or a\\|most. |"
    assert second.sentence == "The API snows"


def test_the_page_has_a_table_for_each_group(tmp_path):
    folder = tmp_path / "tests/e2e"
    folder.mkdir(parents=True)
    for name in ("test_faults_weather.py", "test_faults_climate.py", "test_chain.py"):
        (folder / name).write_text(MODULE)
    (folder / "test_restarts.py").write_text('"""Host and process"""\n\ndef test_it(): ...\n')

    told = matrix(tmp_path)

    assert told.index("## Host and process") < told.index("## The weather")
    assert told.count("| Prometheus rains and nothing happens |") == 2
    assert "test_faults_climate.py](../tests/e2e/test_faults_climate.py), " in told
    assert "test_chain.py" not in told
