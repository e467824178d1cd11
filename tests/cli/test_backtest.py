"""`responder backtest` as a user runs it, on the two weeks that are shipped as test data."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml
from backtest.stepwise import empty_prometheus, write
from backtest.two_weeks import ATTACKS, BEGIN
from backtest.two_weeks import write as write_weeks

from responder.cli.main import main
from responder.shipped import shipped_folder

WEEKS = Path(__file__).parents[1] / "backtest/data/two-weeks"
FEW = [
    word
    for name in (
        "thresholds",
        "overrides",
        "last-known",
        "origin-health",
        "sources/*",
        "baselines/http-requests",
        "detectors/http-flood",
    )
    for word in ("--rules", str(shipped_folder("rules") / f"{name}.yml"))
]
"""Of the rules those that one detector needs: a search is a hundred replays."""
MARKS = [word for one in ATTACKS for word in ("--attack", one.mark)]


@pytest.fixture
def ended(capsys, monkeypatch, tmp_path):
    """Run the program without any configuration at hand; return its code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        try:
            main(["backtest", *map(str, words)])
            code = 0
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr()
        return code or 0, told.out, told.err

    return run


def test_the_two_weeks_are_what_their_program_writes(tmp_path):
    write_weeks(tmp_path / "again")

    written = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert written == {path.name: path.read_bytes() for path in WEEKS.iterdir()}
    assert sum(map(len, written.values())) < 300_000


def test_a_table_tells_what_would_have_been_on_against_what_was(ended):
    code, out, err = ended("--from-dir", WEEKS, *MARKS)

    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    (would,) = [row for row in rows if row[:3] == ["shop", "under-attack", "would"]]
    assert int(would[3]) >= 3
    assert ["shop", "really", "1", "89.0"] in [row[:4] for row in rows]
    assert ["attacks", "6"] in rows
    assert "under_attack:shop" in out
    assert "calm_period" in out


def test_programs_get_a_document(ended):
    code, out, _ = ended("--from-dir", WEEKS, "--output", "json", *MARKS)

    document = json.loads(out)
    assert code == 0
    assert (document["from"], document["step_seconds"]) == ("2026-10-05T00:00:00Z", 60)
    assert document["score"]["attacks"] == 6
    assert document["sites"][0]["stretches"]


def test_a_page_is_written_for_the_part_that_is_asked_for(ended, tmp_path):
    path = tmp_path / "page.html"

    code, out, _ = ended(
        "--from-dir", WEEKS, "--from", "2026-10-10", "--to", "2026-10-11", "--html", path
    )

    assert code == 0
    assert f"wrote {path}" in out
    assert "2026-10-10 00:00:00 to 2026-10-11 00:00:00 UTC (1d)" in path.read_text()


def test_policies_come_from_the_configuration(ended, tmp_path):
    config = tmp_path / "responder.yml"
    config.write_text(
        yaml.safe_dump(
            {
                "cloudflare": {"api_token": "x" * 40},
                "sites": {"shop": {"zones": ["shop.test"]}},
                "policies": [
                    {
                        "name": "careful",
                        "mitigation": "under_attack",
                        "mode": "shadow",
                        "minimum_duration": "3h",
                    }
                ],
            }
        )
    )

    _, out, _ = ended("--config", config, "--from-dir", WEEKS, "--output", "json")

    (site,) = json.loads(out)["sites"]
    assert {one["target"] for one in site["stretches"]} == {"under_attack:shop.test"}
    assert min(one["minutes"] for one in site["stretches"]) == 180.0
    assert site["policies"][0]["policy"] == "careful"


def test_rules_of_ones_own_go_beside_the_shipped_ones(ended, tmp_path):
    rule = {
        "record": "mitigation:threshold:override",
        "labels": {"site": "shop", "signal": "http_floor", "bound": "upper"},
        "expr": "vector(1e9)",
    }
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "own", "rules": [rule]}]}))

    _, out, _ = ended("--from-dir", WEEKS, "--own-rules", path, "--output", "json")

    assert not {one["alert"] for one in json.loads(out)["alerts"]} & {"HttpFlood", "HttpFloodSharp"}


def test_tune_prints_the_trade_and_a_line_to_paste(ended):
    span = ("--from", "2026-10-16T00:00", "--to", "2026-10-17T06:00", "--step", "5m", *FEW)

    code, out, _ = ended("tune", "--from-dir", WEEKS, *span, *MARKS)

    assert code == 0
    assert "NEEDLESS MIN/WEEK" in out
    snippet = yaml.safe_load(out[out.index("preset:") :])
    assert set(snippet) <= {"preset", "thresholds"}
    assert all(one["site"] == "shop" for one in snippet.get("thresholds", ()))


def test_tune_tells_programs_all_it_tried(ended):
    span = ("--from", "2026-10-17T00:00", "--to", "2026-10-18", "--step", "10m", *FEW)

    _, out, _ = ended("tune", "--from-dir", WEEKS, *span, "--output", "json")

    document = json.loads(out)
    assert document["tried"] > 20
    assert document["recommended"]["thresholds_file"].startswith("preset: ")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with an hour of an origin that is overloaded in the middle."""
    with (
        empty_prometheus(tmp_path_factory.mktemp("history")) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        node = (("instance", "a:9100"), ("site", "shop"))
        for at in range(BEGIN, BEGIN + 3600, 15):
            load = 9.0 if 1500 <= at - BEGIN < 2400 else 0.2
            cpu = (*node, ("cpu", "0"), ("mode", "idle"))
            write(
                client,
                [
                    ("node_load1", node, at, load),
                    ("node_cpu_seconds_total", cpu, at, float(at)),
                    ("up", (*node, ("job", "node")), at, 1.0),
                ],
            )
        yield url


HOUR = ("--from", "2026-10-05T00:00", "--to", "2026-10-05T01:00")


def test_a_recording_of_a_prometheus_replays_as_the_prometheus_does(ended, prometheus, tmp_path):
    folder = tmp_path / "recorded"

    code, out, _ = ended("record", folder, "--prometheus", prometheus, *HOUR)
    _, live, _ = ended("--prometheus", prometheus, *HOUR, "--output", "json")
    _, again, _ = ended("--from-dir", folder, "--output", "json")

    assert code == 0
    assert f"wrote {folder}: 1h every 15 s" in out
    first, second = json.loads(live), json.loads(again)
    assert first["sites"] == second["sites"]
    assert first["alerts"] == second["alerts"]
    assert first["alerts"]


def test_an_empty_past_names_what_the_rules_read(ended, prometheus):
    code, _, err = ended("--prometheus", prometheus, "--from", "2020-01-01", "--to", "2020-01-02")

    assert code == 1
    assert "none of the series that the rules read" in err
    assert "nginx.yml" in err


WRONG = [
    pytest.param(
        ["--prometheus", "http://127.0.0.1:1"],
        1,
        "at http://127.0.0.1:1: cannot be asked.*is it running",
        id="nobody",
    ),
    pytest.param(["--prometheus", "nonsense"], 1, "nonsense is no URL", id="no url"),
    pytest.param([], 2, "configuration", id="no configuration"),
    pytest.param(["--from-dir", "nowhere"], 1, "no recording", id="no folder"),
    pytest.param(["--from-dir", WEEKS, "--rules", "x.yml"], 1, "no such rule file", id="no rules"),
    pytest.param(["--from-dir", WEEKS, "--attack", "noon"], 2, "no attack", id="no attack"),
    pytest.param(["--from-dir", WEEKS, "--from", "noon"], 2, "no moment", id="no moment"),
    pytest.param(
        ["--from-dir", WEEKS, "--to", "2026-01-01"], 1, "ends before it begins", id="backwards"
    ),
    pytest.param(
        ["--from-dir", WEEKS, "record", "x"], 2, "behind `record`", id="options before a command"
    ),
    pytest.param(["--from-dir", WEEKS, "--html", "/no/where"], 1, "cannot be written", id="page"),
]


@pytest.mark.parametrize(("words", "code", "problem"), WRONG)
def test_what_is_wrong_is_told(ended, words, code, problem):
    ended_with, _, err = ended(*words)

    assert ended_with == code
    assert re.search(problem, err)


def test_a_server_that_is_no_prometheus_is_told(ended, tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONUNBUFFERED": "1"},
    )
    try:
        port = server.stdout.readline().decode().split("port ")[1].split()[0]
        code, _, err = ended("--prometheus", f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()

    assert code == 1
    assert "404" in err
