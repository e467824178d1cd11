"""Whom a command asks, with which token, and what it says when nobody answers."""

import json

import pytest
from cli.service import NOW, SHOP, entry

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.memory import Memory, State
from responder.ports import Changes, HeardAlert
from responder.store import open_store

LABELS = {"alertname": "Overloaded", "site": "shop", "mitigation": "under_attack"}
ALERT = Alert("f1", LABELS, AlertStatus.FIRING, NOW)


@pytest.fixture
def remembering(config, tmp_path):
    """Leave a store behind, and a configuration whose service is down."""
    config()
    changes = Changes(
        memories=[
            Memory(SHOP, "shop", "under_attack", "example.com", state=State.ENGAGED),
            Memory("under_attack:ours.org", "old", "under_attack", "ours.org", state=State.ENGAGED),
            Memory("under_attack:old.org", "old", "under_attack", "old.org"),
        ],
        alerts=[HeardAlert(ALERT, NOW, 1)],
        entries=[entry(detail="kept")],
        facts={"clock": {"wall": NOW.isoformat(), "elapsed": 5.0}},
    )
    store = open_store(f"sqlite:///{tmp_path}/responder.db")
    store.commit([changes])
    store.close()


def test_the_configuration_tells_where_the_service_is_and_its_token(run, served, config, tmp_path):
    served.reset()
    (tmp_path / "token").write_text("api-s3cret")
    address = served.url.removeprefix("http://")
    config([f"server: {{listen: '{address}', api_token_file: '{tmp_path}/token'}}"])
    ended = run("status")
    assert (ended.code, ended.err) == (0, "")
    assert SHOP in ended.out


def test_the_token_of_the_configuration_goes_nowhere_else(run, service, config, monkeypatch):
    config()
    monkeypatch.delenv("RESPONDER_API_TOKEN_FILE")
    ended = run("status", "--url", service.url)
    assert ended.code == 1
    assert not ended.out
    assert "this needs the API token" in ended.err
    assert "--api-token-file" in ended.err


def test_a_wrong_token_is_an_error_even_where_a_store_could_tell(run, served, config, tmp_path):
    served.reset()
    (tmp_path / "token").write_text("another")
    address = served.url.removeprefix("http://")
    config([f"server: {{listen: '{address}', api_token_file: '{tmp_path}/token'}}"])
    ended = run("status")
    assert ended.code == 1
    assert not ended.out
    assert "the token that was sent is another one" in ended.err


@pytest.mark.usefixtures("remembering")
def test_without_the_service_the_store_tells_what_it_last_knew(run, nobody):
    ended = run("status")
    assert ended.code == 0
    assert SHOP in ended.out
    assert "health: unknown" in ended.out
    assert ended.err.startswith(f"the service does not answer at http://{nobody} (")
    assert ended.err.endswith("this is what the store last knew at 2026-11-20T10:00:00Z\n")


@pytest.mark.usefixtures("remembering")
def test_the_store_tells_programs_the_same_shape(run):
    targets = json.loads(run("status", "--output", "json").out)["targets"]
    assert [(one["id"], one["state"]) for one in targets] == [
        (SHOP, "engaged"),
        ("under_attack:ours.org", "engaged"),
    ]
    assert [one["alertname"] for one in targets[0]["alerts"]] == ["Overloaded"]
    assert targets[0]["policy"] == "under-attack"


@pytest.mark.usefixtures("remembering")
def test_the_store_tells_events_and_explains(run):
    (event,) = json.loads(run("events", "--output", "json").out)["events"]
    assert event["detail"] == "kept"
    assert "kept" in run("explain", SHOP).out
    assert run("events", "--target", "another", "--since", "900d").out == "no events\n"


def test_without_service_and_store_nothing_is_made_up_or_created(run, config, nobody, tmp_path):
    config()
    ended = run("status")
    assert ended.code == 1
    assert not ended.out
    assert f"Error: the service does not answer at http://{nobody}" in ended.err
    assert "there is no store" in ended.err
    assert not (tmp_path / "responder.db").exists()


def test_a_store_that_is_none_is_an_error(run, config, tmp_path):
    config()
    (tmp_path / "responder.db").write_text("this is no database" * 100)
    ended = run("status")
    assert ended.code == 1
    assert "cannot open the store" in ended.err


@pytest.mark.usefixtures("remembering")
def test_a_service_that_was_named_has_no_store_here(run, nobody):
    ended = run("status", "--url", f"http://{nobody}")
    assert ended.code == 1
    assert not ended.out
    assert ended.err.startswith(f"Error: the service does not answer at http://{nobody}")


def test_a_broken_configuration_is_told_with_a_way_around_it(run, config):
    config(["surprise: 1"])
    ended = run("status")
    assert ended.code == 2
    assert "responder.yml:5: surprise" in ended.err
    assert "--url" in ended.err


def test_a_url_that_is_none_is_a_mistake_in_the_words(run):
    ended = run("status", "--url", "nowhere")
    assert ended.code == 2
    assert "is no http or https URL" in ended.err


@pytest.mark.usefixtures("service")
def test_a_token_file_that_is_missing_is_told(run, tmp_path):
    ended = run("status", "--api-token-file", "nowhere")
    assert ended.code == 2
    assert ended.err == (
        f"--api-token-file: the file, looked for in {tmp_path}, does not exist; create it or"
        " correct the path\n"
    )
