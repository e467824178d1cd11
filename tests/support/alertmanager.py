"""A real Alertmanager on a free loopback port, in front of a test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from responder.app import SystemClock
from responder.demo.addresses import free_ports

CLOCK = SystemClock()


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not on PATH: run `make tools` first, and the tests by make")
    return found


def free_port() -> int:
    return next(free_ports())


NO_ROUTES = "route: {receiver: none}\nreceivers: [{name: none}]\n"


@contextmanager
def running_alertmanager(
    folder: Path,
    web_config: str = "",
    *,
    config: str = NO_ROUTES,
    port: int | None = None,
    **client: object,
) -> Iterator[httpx.Client]:
    """Start it, wait until it answers, and end it; `client` reaches it as it is configured."""
    (folder / "am.yml").write_text(config)
    (folder / "web.yml").write_text(web_config)
    port = port or free_port()
    command = [
        program("alertmanager"),
        f"--config.file={folder / 'am.yml'}",
        f"--web.config.file={folder / 'web.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        f"--storage.path={folder / 'data'}",
    ]
    scheme = "https" if "tls_server_config" in web_config else "http"
    with (folder / "am.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
    try:
        with httpx.Client(base_url=f"{scheme}://127.0.0.1:{port}", **client) as one:
            _wait(one, process, folder / "am.log")
            yield one
    finally:
        process.terminate()
        process.wait(10)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = CLOCK.monotonic() + timedelta(seconds=15)
    while CLOCK.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/-/ready").is_success:
                return
        except httpx.TransportError:
            continue
    pytest.fail(f"Alertmanager does not answer:\n{log.read_text()[-2000:]}")
