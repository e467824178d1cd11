"""The programs of others are found, or it is said how to get them."""

import pytest

from responder.demo.errors import StackError
from responder.demo.programs import find_programs

NAMES = ("prometheus", "alertmanager", "node_exporter")


def program(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)


def test_missing_programs_are_all_named_with_the_ways_to_get_them():
    with pytest.raises(StackError) as caught:
        find_programs()

    assert all(name in str(caught.value) for name in NAMES)
    assert "make tools" in str(caught.value)
    assert "apt-get install" in str(caught.value)


def test_programs_on_path_are_taken_under_debian_s_names_as_well(tmp_path):
    found = [
        program(tmp_path / "bin", name)
        for name in ("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")
    ]

    programs = find_programs()

    assert [getattr(programs, name) for name in NAMES] == found


def test_programs_in_the_clone_are_found_without_any_on_path(tmp_path):
    for name in NAMES:
        program(tmp_path / ".tools" / "bin", name)

    assert find_programs().prometheus == ".tools/bin/prometheus"
