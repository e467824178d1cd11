"""Responders beside the one of a chain: each with sites, a token, a store and circuits of its own.

They share Prometheus, Alertmanager and the simulated Cloudflare, so that what one of them meets
there, no other one notices.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import httpx

from responder.demo.addresses import free_addresses
from responder.demo.chain import Chain
from responder.demo.configs import write_configs
from responder.demo.processes import Process
from responder.demo.stack import Stack
from responder.simulator.state import default_token
from support.stack import Exporter, Site, edited

CLOUDFLARE_FILE = "cloudflare.token"

Serve = Callable[..., list[Site]]
"""Starts a responder (`start=False`: not yet) for so many sites of its own."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it reached the simulated Cloudflare; unanswered while `status` is None."""

    at: datetime
    method: str
    path: str
    status: int | None
    answered_at: datetime | None
    fault: str | None
    body: Any
    level: str | None
    """The zone's level when it was answered."""

    @property
    def write(self) -> str | None:
        """The level that it writes; None for what writes nothing."""
        return self.body["value"] if self.method == "PATCH" else None

    @property
    def read(self) -> str | None:
        """The level that its sender has read; None for what tells none."""
        told = self.method == "GET" and self.path.endswith("/security_level")
        return self.level if told and self.status == 200 and self.fault in {None, "slow"} else None


def control(stack: Stack, method: str, path: str, order: Mapping[str, Any] | None = None) -> Any:
    """Give the simulator an order; return its answer."""
    url = f"{stack.url('simulator')}/simulator/{path}"
    answer = httpx.request(method, url, json=order, timeout=10, verify=False, trust_env=False)
    return answer.raise_for_status().json()


def add_fault(stack: Stack, kind: str, **scope: Any) -> str:
    """Let Cloudflare fail from here on; return what clears it."""
    return control(stack, "POST", "faults", {"kind": kind, **scope})["id"]


def clear_fault(stack: Stack, fault: str) -> None:
    control(stack, "DELETE", f"faults/{fault}")


def requests(stack: Stack, zone: str) -> list[Request]:
    """Return what was asked about a zone, by name or id, oldest first."""
    zones = control(stack, "GET", "state")["zones"]
    ids = {one["id"] for one in zones if one["name"] == zone}
    return [
        Request(
            datetime.fromisoformat(one["at"]),
            one["method"],
            one["path"],
            one["status"],
            one["answered_at"] and datetime.fromisoformat(one["answered_at"]),
            one["fault"],
            one["body"],
            one["level"],
        )
        for one in control(stack, "GET", "requests")["requests"]
        if ids & set(one["path"].split("/")) or one["query"] == f"name={zone}"
    ]


def add_token(stack: Stack, name: str) -> str:
    """Let Cloudflare know a token that may do everything; return it."""
    value = f"cfut_of-{name}"
    permissions = sorted(default_token().permissions)
    control(stack, "POST", "tokens", {"name": name, "value": value, "permissions": permissions})
    return value


@contextmanager
def beside(stack: Stack, zones: Mapping[str, str]) -> Iterator[Stack]:
    """Prepare another responder for these sites, not started; in the end, stop it."""
    name = next(iter(zones))
    folder = stack.folder / f"service-{name}"
    folder.mkdir()
    addresses = replace(stack.addresses, responder=free_addresses().responder)
    plan = replace(stack.plan, zones=zones)
    write_configs(plan, addresses, folder)
    (folder / CLOUDFLARE_FILE).write_text(add_token(stack, name))
    *command, _ = stack.processes["responder"].command
    process = Process("responder", [*command, f"--config={folder / 'responder.yml'}"], folder)
    processes = {**stack.processes, "responder": process}
    try:
        yield Stack(plan, addresses, folder, processes, stack.clock)
    finally:
        process.stop()


@contextmanager
def serving_sites(stack: Stack, exporter: Exporter, names: Iterator[str]) -> Iterator[Serve]:
    """Give what serves sites out of `names`; in the end they are calm, and served no more."""
    with ExitStack() as running:

        def serve(count: int, *, start: bool = True) -> list[Site]:
            zones = {name: stack.plan.zones[name] for name in islice(names, count)}
            own = running.enter_context(beside(stack, zones))
            chain = running.enter_context(Chain(own))
            with edited(own, "responder.yml") as config:
                config["cloudflare"]["read_interval"] = "2s"
            if start:
                own.start_one("responder")
            sites = [Site(name, own, chain, exporter) for name in zones]
            for site in sites:
                running.callback(site.calm)
            return sites

        yield serve
