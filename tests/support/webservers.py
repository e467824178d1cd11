"""Real web servers with their exporters on loopback, and clients that are quick, slow or idle."""

import http.client
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from responder.demo.addresses import free_ports
from responder.demo.errors import StackError
from responder.demo.processes import Process, stop_all
from support.stack import CLOCK, until

ROOT = Path(__file__).parents[2]
HELP = "run `.ci/tools webservers`, which unpacks them from Debian's archive, or install them"
_APACHE_MODULES = (
    ROOT / ".tools/debian/webservers/usr/lib/apache2/modules",
    Path("/usr/lib/apache2/modules"),
)

_NGINX = """\
daemon off;
{user}
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {address};
    location / {{ return 200 ok; }}
    location /upload {{ proxy_pass http://{address}/; }}
    location /page.html {{ root {folder}; gzip on; gzip_comp_level 9; }}
    location /status {{ stub_status; }}
  }}
}}
"""

_HAPROXY = """\
global
  maxconn 512
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend web
  bind {address}
  http-request return status 503 if {{ path /fail }}
  http-request return status 200 content-type text/plain string ok
frontend statistics
  bind {metrics}
  http-request use-service prometheus-exporter if {{ path /metrics }}
"""

_APACHE = """\
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache-error.log
ServerName localhost
Listen {address}
{modules}
{user}
StartServers 1
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
ExtendedStatus On
Redirect 204 /ok
ProxyPass /upload http://{address}/ok
<Location /server-status>
  SetHandler server-status
  Require all granted
</Location>
"""
_APACHE_NEEDS = "mpm_event authn_core authz_core alias status proxy proxy_http"


@dataclass(frozen=True, slots=True)
class Server:
    """A web server that runs, and where its exporter is scraped."""

    name: str
    address: str
    metrics: str


def programs(*names: str) -> list[str]:
    """Return the paths of the programs; skip the test when one is missing."""
    found = {name: shutil.which(name, path=_path()) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found: {HELP}")
    return [path for path in found.values() if path]


def _path() -> str:
    return os.pathsep.join([str(ROOT / ".tools/bin"), os.environ.get("PATH", "")])


@contextmanager
def running_nginx(folder: Path, workers: int = 1) -> Iterator[Server]:
    """Run nginx with stub_status and a page that costs it work, and its exporter."""
    nginx, exporter = programs("nginx", "nginx_exporter")
    address, metrics = _addresses()
    (folder / "page.html").write_text("".join(f"<p>{number**7}</p>" for number in range(5000)))
    config = _written(
        folder / "nginx.conf",
        _NGINX,
        folder=folder,
        address=address,
        workers=workers,
        # Else its workers are nobody, who may not read the page.
        user="user root root;" if os.getuid() == 0 else "",
    )
    server = [nginx, "-p", str(folder), "-e", str(folder / "nginx-error.log"), "-c", str(config)]
    beside = [
        exporter,
        f"-nginx.scrape-uri=http://{address}/status",
        f"-web.listen-address={metrics}",
    ]
    with _running(folder, Server("nginx", address, metrics), server, beside) as one:
        yield one


@contextmanager
def running_haproxy(folder: Path) -> Iterator[Server]:
    """Run HAProxy, which is its own exporter."""
    (haproxy,) = programs("haproxy")
    address, metrics = _addresses()
    config = _written(folder / "haproxy.cfg", _HAPROXY, address=address, metrics=metrics)
    words = [haproxy, "-db", "-f", str(config)]
    with _running(folder, Server("haproxy", address, metrics), words) as one:
        yield one


@contextmanager
def running_apache(folder: Path) -> Iterator[Server]:
    """Run Apache with the event MPM and mod_status, and its exporter."""
    apache, exporter = programs("apache2", "apache_exporter")
    modules = next((one for one in _APACHE_MODULES if one.is_dir()), None)
    if modules is None:
        pytest.skip(f"no modules of Apache at {_APACHE_MODULES[-1]}: {HELP}")
    address, metrics = _addresses()
    config = _written(
        folder / "apache.conf",
        _APACHE,
        folder=folder,
        address=address,
        modules="\n".join(
            f"LoadModule {name}_module {modules}/mod_{name}.so" for name in _APACHE_NEEDS.split()
        ),
        # Apache refuses to serve as root.
        user="User nobody\nGroup nogroup" if os.getuid() == 0 else "",
    )
    server = [apache, "-D", "FOREGROUND", "-f", str(config)]
    beside = [
        exporter,
        f"--scrape_uri=http://{address}/server-status?auto",
        f"--telemetry.address={metrics}",
    ]
    with _running(folder, Server("apache", address, metrics), server, beside) as one:
        yield one


def _addresses() -> tuple[str, str]:
    ports = free_ports()
    return f"127.0.0.1:{next(ports)}", f"127.0.0.1:{next(ports)}"


def _written(path: Path, text: str, **values: object) -> Path:
    path.write_text(text.format(**values))
    return path


@contextmanager
def _running(folder: Path, server: Server, *commands: list[str]) -> Iterator[Server]:
    """Run the server and then its exporter, which may end at once when it finds no server."""
    processes = [
        Process(f"{server.name}-{Path(words[0]).name}", words, folder) for words in commands
    ]
    addresses = [server.address, server.metrics]
    try:
        for process in processes:
            process.start()
            address = addresses.pop(0)
            until(f"an answer of {process.name} at {address}", partial(_answers, address))
        yield server
    except StackError as error:
        told = "\n".join(f"{one.name}: {one.last_lines()}" for one in processes)
        raise AssertionError(f"{error}\n{told}") from error
    finally:
        stop_all(processes)


def _answers(address: str) -> bool:
    client = _client(address)
    try:
        client.request("GET", "/metrics")
        client.getresponse().read()
    except OSError:
        return False
    finally:
        client.close()
    return True


def _now() -> float:
    return CLOCK.monotonic().total_seconds()


def _client(address: str) -> http.client.HTTPConnection:
    host, _, port = address.partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=10)


@dataclass
class Visitors:
    """Sends requests at a steady rate over one connection, and remembers when."""

    server: Server
    rate: float
    paths: tuple[str, ...]
    """Asked for one after the other."""
    sent: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def per_second(self, window: float) -> float:
        """Return how many requests a second there were in this last time."""
        since = _now() - window
        return sum(at > since for at in self.sent) / window

    @contextmanager
    def visiting(self) -> Iterator["Visitors"]:
        """Visit as long as the context lasts."""
        thread = threading.Thread(target=self._visit)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _visit(self) -> None:
        client, began = _client(self.server.address), _now()
        while not self._over.is_set():
            client.request("GET", self.paths[len(self.sent) % len(self.paths)])
            client.getresponse().read()
            self.sent.append(_now())
            self._over.wait(max(began + len(self.sent) / self.rate - _now(), 0))
        client.close()


SILENT = b""
"""Connects, and says nothing."""
HALF_A_HEADER = b"GET /ok HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"


@contextmanager
def waiting(server: Server, **clients: int) -> Iterator[None]:
    """Keep so many connections of each kind: `silent`, `half_a_header`, `half_a_body`."""
    host, _, port = server.address.partition(":")
    opened = []
    try:
        for kind, count in clients.items():
            for _ in range(count):
                one = socket.create_connection((host, int(port)), timeout=10)
                opened.append(one)
                one.sendall(globals()[kind.upper()])
        yield
    finally:
        for one in opened:
            with suppress(OSError):
                one.close()
