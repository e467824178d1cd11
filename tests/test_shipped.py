"""What travels with the program is found."""

import pytest

from responder.shipped import shipped_folder


def test_the_rules_and_the_alertmanager_file_are_found():
    assert (shipped_folder("rules") / "thresholds.yml").is_file()
    assert (shipped_folder("alertmanager") / "alertmanager.yml").is_file()


def test_a_folder_that_is_not_shipped_says_where_it_was_looked_for():
    with pytest.raises(FileNotFoundError, match=r"nowhere.*install responder again"):
        shipped_folder("nowhere")
