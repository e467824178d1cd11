"""A real PostgreSQL in a folder of its own, on loopback, for tests that also kill and pause it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest

from responder.demo.wait import wait_for
from support.alertmanager import CLOCK

USER = "responder"
LIMIT = timedelta(seconds=60)
SOON = timedelta(milliseconds=20)
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    # Who was kept waiting while it was paused, and has gone, would hold up its end.
    "authentication_timeout": "5s",
    "timezone": "GMT",
    "log_timezone": "GMT",
}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
"""What a test does not need that never lets the machine itself fail."""


class Postgres:
    """A server that is already initialised; it keeps its port and its data over restarts."""

    def __init__(self, folder: Path, settings: dict[str, str], password: str = "") -> None:
        # Bound, and never listened on: while the server is down its port is nobody else's.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port = self._held.getsockname()[1]
        self._folder = folder
        self._password = password
        self._settings = SETTINGS | settings | {"port": str(self.port)}
        self._user = _user()
        self._programs = _programs(folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def initialise(self) -> None:
        """Make what a server needs before its first start."""
        secret = self._folder / "password"
        secret.write_text(self._password or "unused")
        for path in (self._folder, secret):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)
        ended = self._spawn(
            "initdb",
            *("-D", str(self._folder / "data"), "-U", USER, f"--pwfile={secret}"),
            f"--auth={'scram-sha-256' if self._password else 'trust'}",
            *("--locale=C", "--encoding=UTF8", "--no-sync"),
        ).wait()
        if ended != 0:
            pytest.fail(f"initdb failed:\n{self._log()}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        self._process = self._spawn("postgres", "-D", str(self._folder / "data"), *settings)
        wait_for("PostgreSQL", self._answers, LIMIT, CLOCK, every=SOON)

    def stop(self) -> None:
        """End it in order, with all connections."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(LIMIT.total_seconds())
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self) -> None:
        """End it, and let go of its port."""
        self.stop()
        self._held.close()

    def kill(self) -> None:
        """End all its processes as a crash of the machine would."""
        processes = self._pause()
        for pid in processes:
            _signal(pid, signal.SIGKILL)
        self._process.wait()
        wait_for(
            "the end of PostgreSQL",
            lambda: not any(map(_runs, processes)),
            LIMIT,
            CLOCK,
            every=SOON,
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it keep its connections, and answer nothing meanwhile."""
        self._pause()
        try:
            yield
        finally:
            self.resume()

    def resume(self) -> None:
        """Let it go on."""
        for pid in self._processes():
            _signal(pid, signal.SIGCONT)

    def url(self, template: str = "template1") -> str:
        """Return the URL of a database that nobody else uses: an empty one, or a copy."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def url_of(self, database: str) -> str:
        """Return the URL of a database, whether it is there or not."""
        secret = f":{self._password}" if self._password else ""
        return f"postgresql://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement past the store."""
        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            pytest.fail(f"PostgreSQL does not start:\n{self._log()}")
        with suppress(psycopg.OperationalError):
            return bool(self.run("SELECT true"))
        return False

    def _log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **_as(self._user),
            )

    def _pause(self) -> list[int]:
        """Stop all its processes, the parent first so that it starts no more."""
        _signal(self._process.pid, signal.SIGSTOP)
        processes = self._processes()
        for pid in processes:
            _signal(pid, signal.SIGSTOP)
        return processes

    def _processes(self) -> list[int]:
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]


@contextmanager
def running_postgres(
    password: str = "", *, durable: bool = False, **settings: str
) -> Iterator[Postgres]:
    """Run a server that trusts everybody, or asks for the password; end it and its folder."""
    # Not below pytest's folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="responder-postgres-"))
    server = Postgres(folder, settings if durable else NOT_DURABLE | settings, password)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        try:
            server.close()
        finally:
            shutil.rmtree(folder)


def _user() -> pwd.struct_passwd:
    """Return who runs it; the server refuses to be root."""
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("nobody")


def _as(user: pwd.struct_passwd) -> dict[str, object]:
    if os.geteuid() == user.pw_uid:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _programs(folder: Path, user: pwd.struct_passwd) -> Path:
    """Return where the programs are; copied, when they lie where the user may not go."""
    initdb = _found("initdb")
    try:
        subprocess.run([initdb, "--version"], capture_output=True, check=True, **_as(user))
    except PermissionError:
        tools = initdb.parents[1]
        shutil.copytree(tools / "debian/postgres", folder / "debian/postgres", symlinks=True)
        (folder / "bin").mkdir()
        for name in ("initdb", "postgres"):
            shutil.copy2(tools / "bin" / name, folder / "bin")
        return folder / "bin"
    return initdb.parent


def _found(program: str) -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or next(reversed(installed), None)
    if found is None:
        pytest.fail(f"{program} is not on PATH: run `make postgres` first, and the tests by make")
    return Path(found)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _runs(pid: int) -> bool:
    """Tell whether it runs; one that nobody has waited for yet does not."""
    with suppress(OSError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False
