"""What is rendered, and how it gets into a file."""

import math
import stat

import pytest
import yaml

from responder.errors import ResponderError
from responder.rulefiles.output import differences, write_generated
from responder.rulefiles.overrides import Constant, Overrides
from responder.rulefiles.template import MARK, rendered

TEXT = rendered(Overrides(None, (Constant("shop", "", "load", "upper", 4.0),)), "mine.yml")


def rules(overrides):
    (group,) = yaml.safe_load(rendered(overrides, "mine.yml"))["groups"]
    return group["rules"]


def test_a_constant_is_an_override_and_nothing_else():
    made = Overrides(None, (Constant("shop", "web1:9100", "load", "upper", 4.0),))
    assert rules(made) == [
        {
            "record": "mitigation:threshold:override",
            "labels": {"site": "shop", "instance": "web1:9100", "signal": "load", "bound": "upper"},
            "expr": "vector(4)",
        }
    ]


def test_all_of_a_site_has_no_instance():
    made = Overrides(None, (Constant("shop", "", "load", "upper", 4.0),))
    assert "instance" not in rules(made)[0]["labels"]


def test_a_preset_is_chosen_by_one_constant():
    assert rules(Overrides("sensitive", ())) == [
        {"record": "mitigation:preset", "labels": {"preset": "sensitive"}, "expr": "vector(1)"}
    ]


def test_nothing_is_a_rule_file_too():
    assert rules(Overrides(None, ())) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [(4.0, "4"), (0.35, "0.35"), (5e8, "500000000"), (1e17, "1e+17"), (math.inf, "Inf")],
)
def test_a_number_is_written_as_promql_reads_it(value, written):
    made = Overrides(None, (Constant("shop", "", "load", "upper", value),))
    assert rules(made)[0]["expr"] == f"vector({written})"


def test_a_label_is_what_it_was_whatever_is_in_it():
    name = 'a"b\\c: {x} #\u00e9'
    assert (
        rules(Overrides(None, (Constant(name, "", "load", "upper", 1.0),)))[0]["labels"]["site"]
        == name
    )


def test_the_file_says_what_it_is_made_of_and_no_date():
    assert TEXT.startswith(f'{MARK} from "mine.yml"')
    assert "20" not in TEXT.partition("groups:")[0]


def test_a_file_is_written_and_then_up_to_date(tmp_path):
    path = tmp_path / "rules.yml"
    assert differences(path, TEXT)
    assert write_generated(path, TEXT)
    assert path.read_text() == TEXT
    assert not differences(path, TEXT)
    assert not write_generated(path, TEXT)


def test_what_somebody_wrote_is_kept_unless_forced(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text("precious")
    with pytest.raises(ResponderError, match="--force"):
        write_generated(path, TEXT)
    assert path.read_text() == "precious"
    assert write_generated(path, TEXT, force=True)
    assert path.read_text() == TEXT


def test_the_file_keeps_its_mode_and_its_link_and_nothing_is_left_over(tmp_path):
    path, link = tmp_path / "rules.yml", tmp_path / "link.yml"
    path.write_text(f"{MARK}\n")
    path.chmod(0o640)
    link.symlink_to(path)
    write_generated(link, TEXT)
    assert link.is_symlink()
    assert path.read_text() == TEXT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.yml", "rules.yml"]


def test_a_new_file_can_be_read_by_prometheus(tmp_path):
    path = tmp_path / "rules.yml"
    write_generated(path, TEXT)
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(ResponderError, match="cannot be written"):
        write_generated(tmp_path / "nowhere/rules.yml", TEXT)
