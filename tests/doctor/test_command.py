"""`responder doctor` as a user runs it."""

import json

import pytest
import yaml

from responder.cli import doctor
from responder.cli.main import main
from responder.doctor.finding import Finding, Status

FINDINGS = [
    Finding(Status.OK, "it answers", "", "http://am:9093", "alertmanager/reachable"),
    Finding(Status.FAILURE, "no heartbeat\x1b[2J", "load it", "", "alertmanager/heartbeat"),
    Finding(Status.WARNING, "a short memory", "keep more", "", "prometheus/retention"),
]


def test_findings_are_told_by_neighbour_with_the_advice_below():
    assert "\n".join(doctor._lines(FINDINGS)).splitlines() == [
        "\x1b[1malertmanager\x1b[0m",
        "  \x1b[32mok       \x1b[0mreachable         http://am:9093: it answers",
        "  \x1b[31mfailure  \x1b[0mheartbeat         no heartbeat\\u001b[2J",
        "                             -> load it",
        "",
        "\x1b[1mprometheus\x1b[0m",
        "  \x1b[33mwarning  \x1b[0mretention         a short memory",
        "                             -> keep more",
        "",
        "1 ok, 1 warning, 1 failure",
    ]


def test_on_a_narrow_terminal_long_texts_go_on_below_themselves():
    finding = Finding(Status.WARNING, "word " * 20, "do " * 20, "", "a/point")

    lines = list(doctor._of_one(finding, 80))

    assert len(lines) > 4
    assert all(line.startswith(" " * 29) for line in lines[1:])
    assert all(len(line) <= 80 for line in lines[1:])


def test_programs_get_every_finding_and_the_count():
    document = json.loads(doctor._as_json(FINDINGS))

    assert document["summary"] == {"ok": 1, "warning": 1, "failure": 1, "skipped": 0}
    assert document["findings"][0] == {
        "check": "alertmanager/reachable",
        "subject": "http://am:9093",
        "status": "ok",
        "seen": "it answers",
        "advice": "",
    }


@pytest.fixture
def ended(capsys, monkeypatch, tmp_path):
    """Run the command with a configuration whose neighbours are nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RESPONDER_CONFIG", raising=False)

    def run(config, *words):
        (tmp_path / "responder.yml").write_text(yaml.safe_dump(config))
        with pytest.raises(SystemExit) as raised:
            main(["doctor", *words])
        return raised.value.code or 0, *capsys.readouterr()

    return run


NOWHERE = {
    "server": {"listen": "127.0.0.1:1"},
    "alertmanager": {"urls": ["http://127.0.0.1:1"]},
    "prometheus": {"url": "http://127.0.0.1:1"},
    "cloudflare": {"api_token": "cfut_s3cret", "base_url": "http://127.0.0.1:1"},
    "store": {"url": "sqlite:///responder.db"},
    "sites": {"shop": {"zones": ["example.com"]}},
}


@pytest.mark.integration
def test_with_nobody_around_it_says_so_and_fails_without_a_traceback(ended):
    code, out, err = ended(NOWHERE)

    assert (code, err) == (1, "")
    assert "start it, or correct alertmanager.urls" in out
    assert "not checked: Prometheus does not answer" in out
    assert out.rstrip().endswith("not checked")
    assert "s3cret" not in out


@pytest.mark.integration
def test_programs_can_read_it_also_when_it_fails(ended):
    code, out, _ = ended(NOWHERE, "--output", "json")

    assert code == 1
    assert json.loads(out)["summary"]["failure"] >= 3


@pytest.mark.integration
def test_a_wrong_configuration_ends_with_two(ended):
    code, out, err = ended({**NOWHERE, "sights": {}})

    assert (code, out) == (2, "")
    assert "sights" in err
