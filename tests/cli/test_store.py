"""`responder store`: backups of a service at work, and back again."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from responder.domain.memory import Memory
from responder.ports import Changes
from responder.store import open_store
from responder.store.tables import HEAD

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CHANGES = Changes(
    memories=[Memory("under_attack:example.com", "shop", "under_attack", "example.com")],
    facts={"value": 1},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the configured store is."""
    return tmp_path / "responder.db"


@pytest.fixture(autouse=True)
def _config(config: Callable[..., Path]) -> None:
    config()


@pytest.fixture
def service(nobody: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running(nobody, tmp_path) as process:
        yield process


@contextmanager
def running(address: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service that the configuration describes, without anything around it."""
    alone = ["alertmanager.urls=[]", "cloudflare.base_url=http://127.0.0.1:1"]
    words = [word for value in alone for word in ("--set", value)]
    command = [sys.executable, "-m", "responder", "serve", *words]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        until_live(address)
        yield process
    finally:
        process.kill()
        process.wait()


def until_live(address: str) -> None:
    for _ in range(500):
        try:
            httpx.get(f"http://{address}/live", timeout=5).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("it does not serve")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


class Sender:
    """Posts webhooks with an alert of its own each, without a pause."""

    def __init__(self, address: str) -> None:
        self.acknowledged: set[str] = set()
        self._url = f"http://{address}/webhooks/alertmanager"
        self._numbers = count()
        self._ended = threading.Event()

    @contextmanager
    def sending(self, threads: int = 3) -> Iterator[None]:
        running = [threading.Thread(target=self._send) for _ in range(threads)]
        for one in running:
            one.start()
        try:
            yield
        finally:
            self._ended.set()
            for one in running:
                one.join()

    def until(self, more: int) -> frozenset[str]:
        """Wait for so many more; return all that were acknowledged by then."""
        wanted = len(self.acknowledged) + more
        for _ in range(3000):
            if len(self.acknowledged) >= wanted:
                return frozenset(self.acknowledged.copy())
            time.sleep(0.01)
        raise AssertionError("no webhook is acknowledged")

    def _send(self) -> None:
        with httpx.Client() as client:
            while not self._ended.is_set():
                name = str(next(self._numbers))
                alert = {"status": "firing", "labels": {"alertname": name, "filler": "x" * 200}}
                body = {"version": "4", "alerts": [alert]}
                if client.post(self._url, json=body).is_success:
                    self.acknowledged.add(name)


def names_in(path: Path) -> set[str]:
    """Return the names of the alerts in a store."""
    with closing(open_store(f"sqlite:///{path}")) as store:
        return {one.alert.labels["alertname"] for one in store.load().alerts}


def stored(url: str, changes: Changes = CHANGES) -> None:
    with closing(open_store(url)) as store:
        store.commit([changes])


def facts_in(url: str) -> object:
    with closing(open_store(url)) as store:
        return store.load().facts


def test_a_backup_while_serving_holds_every_webhook_acknowledged_before(
    run, service, nobody, tmp_path, path
) -> None:
    sender = Sender(nobody)
    backups = [tmp_path / f"{number}.db" for number in range(3)]
    with sender.sending():
        before = []
        for backup in backups:
            before.append(sender.until(50))
            ended = run("store", "backup", str(backup))
            assert (ended.code, ended.err) == (0, "")
            assert ended.out == f"backed up {path} to {backup}, schema {HEAD}\n"
    for backup, acknowledged in zip(backups, before, strict=True):
        assert acknowledged <= names_in(backup)
    stop(service)
    assert sender.acknowledged <= names_in(path)


@pytest.fixture
def with_token(config, nobody, tmp_path) -> None:
    """Let the command have what a reload needs."""
    (tmp_path / "api.token").write_text("api-s3cret")
    config([f"server: {{listen: '{nobody}', api_token_file: api.token}}"])


@pytest.mark.usefixtures("with_token")
def test_a_service_takes_a_backup_up_while_it_serves(run, service, nobody, tmp_path, path) -> None:
    backup = str(tmp_path / "backup.db")
    sender = Sender(nobody)
    with sender.sending():
        sender.until(50)
        run("store", "backup", backup)
        sender.until(50)
        before = sender.acknowledged.copy()
        restored = run("store", "restore", "--force", backup)
        assert (restored.code, restored.err) == (0, "")
        assert restored.out.startswith(f"the service has taken {backup} up")
        known = sender.acknowledged.copy()
        later = sender.until(50) - known
    stop(service)
    kept = names_in(path)
    assert names_in(Path(backup)) <= kept
    assert before - kept  # what came after the backup is gone
    assert len(later - kept) <= 3  # each sender may have waited for an answer meanwhile
    assert not path.with_name("responder.db.restore").exists()


def test_a_service_that_refuses_to_be_asked_keeps_what_it_has(run, service, tmp_path, path) -> None:
    backup = str(tmp_path / "backup.db")
    stored(f"sqlite:///{backup}")
    ended = run("store", "restore", "--force", backup)
    assert ended.code == 1
    assert "refuses this" in ended.err
    assert not path.with_name("responder.db.restore").exists()
    stop(service)
    assert "value" not in facts_in(f"sqlite:///{path}")


def test_a_store_in_use_is_restored_once_the_service_is_stopped(
    run, service, nobody, tmp_path, path
) -> None:
    backup = str(tmp_path / "backup.db")
    sender = Sender(nobody)
    with sender.sending(threads=1):
        sender.until(20)
        run("store", "backup", backup)
        sender.until(20)
    refused = run("store", "restore", backup)
    assert refused.code == 1
    assert re.search(r"Error: .* is in use by .*; stop the service, try again", refused.err)
    stop(service)
    assert names_in(path) >= sender.acknowledged
    restored = run("store", "restore", "--force", backup)
    assert (restored.code, restored.err) == (0, "")
    assert restored.out.startswith(f"restored {path} from {backup}, schema {HEAD}; start the serv")
    with running(nobody, tmp_path) as again:
        stop(again)
    assert names_in(path) == names_in(Path(backup)) < sender.acknowledged


def test_what_is_there_is_replaced_only_by_force(run, tmp_path, path) -> None:
    stored(f"sqlite:///{path}")
    backup = str(tmp_path / "backup.db")
    assert run("store", "backup", backup).code == 0
    for words in (["backup", backup], ["restore", backup]):
        refused = run("store", *words)
        assert refused.code == 1
        assert "it exists; " in refused.err
        assert "--force" in refused.err
        assert run("store", *words, "--force").code == 0


def test_a_file_that_is_no_backup_is_told_with_code_1(run, tmp_path, path) -> None:
    stored(f"sqlite:///{path}")
    other = tmp_path / "other"
    other.write_text("no backup")
    ended = run("store", "restore", "--force", str(other))
    assert ended.code == 1
    assert ended.err.startswith(f"Error: cannot copy the backup {other}: file is not a database")
    assert facts_in(f"sqlite:///{path}") == {"value": 1}


def test_a_store_goes_to_an_older_schema_and_back(run, path) -> None:
    stored(f"sqlite:///{path}")
    assert run("store", "migrate", "--to", "0001").out == (
        f"the schema of {path} was {HEAD}, is 0001 now\n"
    )
    assert run("store", "migrate").out == f"the schema of {path} was 0001, is {HEAD} now\n"
    assert run("store", "migrate").out == f"the schema of {path} is {HEAD} already\n"
    assert facts_in(f"sqlite:///{path}") == {"value": 1}


def test_a_store_in_use_is_not_migrated(run, service) -> None:
    refused = run("store", "migrate", "--to", "0001")
    assert refused.code == 1
    assert re.search(r"in use by .*; stop the service", refused.err)
    stop(service)
    assert run("store", "migrate").out.endswith(f"is {HEAD} already\n")


def test_a_store_that_is_not_there_is_not_made_by_migrating(run, path) -> None:
    ended = run("store", "migrate")
    assert ended.code == 1
    assert "there is no such file; the first start of the service makes it" in ended.err
    assert not path.exists()


@pytest.fixture
def on_postgres(postgres, monkeypatch) -> str:
    """Let the store be a database with something in it, and with a password in its URL."""
    url = make_url(postgres.url()).set(password="geheim", query={"sslmode": "prefer"})
    shown = url.render_as_string(hide_password=False)
    monkeypatch.setenv("RESPONDER_STORE__URL", shown)
    stored(shown)
    return shown


def told_command(told: str) -> str:
    """Return the command that an error tells to run."""
    assert "geheim" not in told
    return re.search(r"(pg_(?:dump|restore) .*)", told).group(1)


def test_postgresql_is_backed_up_and_restored_by_the_commands_that_are_told(
    run, postgres, on_postgres, tmp_path
) -> None:
    backup = tmp_path / "a backup"
    dump = run("store", "backup", str(backup))
    restore = run("store", "restore", str(backup))
    assert (dump.code, restore.code) == (1, 1)
    subprocess.run(told_command(dump.err), shell=True, check=True)
    database = make_url(on_postgres).database
    for statement in (f"DROP DATABASE {database}", f"CREATE DATABASE {database}"):
        postgres.run(statement)
    subprocess.run(told_command(restore.err), shell=True, check=True)
    assert facts_in(on_postgres) == {"value": 1}
    stored(on_postgres)


def test_a_database_that_a_replica_uses_is_not_migrated(run, on_postgres) -> None:
    with closing(open_store(on_postgres)) as replica:
        replica.load()
        refused = run("store", "migrate", "--to", "0001")
    assert refused.code == 1
    assert re.search(r"in use by other sessions .*; stop every replica", refused.err)
    assert "geheim" not in refused.err
    for words, after in ((["--to", "0001"], "0001"), ([], HEAD)):
        done = run("store", "migrate", *words)
        assert done.out.endswith(f"is {after} now\n")
        assert "geheim" not in done.out
    assert facts_in(on_postgres) == {"value": 1}
