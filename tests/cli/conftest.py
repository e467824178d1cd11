"""The program as a user runs it, and a service on loopback for it to ask."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

import pytest
import uvicorn
from cli.service import NOW, Service
from prometheus_client import CollectorRegistry

from responder.cli.main import main
from responder.web.app import create_app
from responder.web.doors import Doors
from responder.web.instruments import Instruments


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def served() -> Iterator[Service]:
    service = Service()
    listener = socket.create_server(("127.0.0.1", 0))
    service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    doors = Doors(None, lambda: service.api_token or "")
    instruments = Instruments(CollectorRegistry(), lambda *_: None, lambda *_: None)
    app = create_app(service, doors, instruments, now=lambda: NOW)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            date_header=False,
            headers=[("Date", format_datetime(NOW, usegmt=True))],
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield service
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def service(served: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
    """Give the running service, and a user who knows where it is and has its token."""
    served.reset()
    token = tmp_path / "api.token"
    token.write_text("api-s3cret\n")
    monkeypatch.setenv("RESPONDER_URL", served.url)
    monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(token))
    return served


@pytest.fixture
def nobody() -> str:
    """Give an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Be a user in an empty directory, with an environment that says nothing."""
    for name in ("RESPONDER_CONFIG", "RESPONDER_URL", "RESPONDER_API_TOKEN_FILE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])  # serve leaves libraries out


@pytest.fixture
def terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Be at a terminal of so many columns, one that knows no colours."""
    del capsys  # it has put its own stdout in place by now

    def terminal(columns: int) -> None:
        for name, value in (("COLUMNS", str(columns)), ("LINES", "25"), ("TERM", "dumb")):
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return terminal


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    def run(*words: str) -> Ended:
        with pytest.raises(SystemExit) as caught:
            main(words)
        out, err = capsys.readouterr()
        return Ended(caught.value.code or 0, out, err)

    return run


@pytest.fixture
def config(tmp_path: Path, nobody: str) -> Callable[..., Path]:
    """Write a configuration whose service does not run."""

    def write(extra: Sequence[str] = (), name: str = "responder.yml") -> Path:
        lines = [
            "cloudflare: {api_token: cf-s3cret}",
            "alertmanager: {urls: ['http://127.0.0.1:9093']}",
            f"store: {{url: 'sqlite:///{tmp_path}/responder.db'}}",
            "sites: {shop: {zones: [example.com]}}",
            *(extra or [f"server: {{listen: '{nobody}'}}"]),
        ]
        path = tmp_path / name
        path.write_text("\n".join(lines))
        return path

    return write
