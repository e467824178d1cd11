"""The stack of the demo of a prefix: as that of a zone, with what prefixes need in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from responder.demo.errors import StackError
from responder.demo.plan import Origin, Plan
from responder.demo.processes import Process
from responder.demo.stack import Stack, prepared_stack
from responder.mitigations.prefix_advertisement import KIND
from responder.ports import Clock
from responder.settings.durations import format_duration
from responder.shipped import shipped_folder
from responder.simulator.inventory import Account

__all__ = ["PREFIX", "SITE", "TUNNELS", "Pace", "prefix_plan", "prepared_prefix_stack", "set_up"]

SITE, PREFIX = "office", "203.0.113.0/24"
TUNNELS = ("gre-1", "gre-2")
_DETECTOR = "volumetric-bits.yml"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the simulated Cloudflare is, in whole seconds; its own are minutes."""

    advertise_takes: int = 15
    """From a request until the internet's routers have followed."""
    withdraw_takes: int = 10
    withdraw_after_advertise: int = 120
    """How old an advertisement must be before it may be withdrawn."""


def prefix_plan(address: str) -> Plan:
    """Return the plan: all as shipped but the waits; the router answers at the address."""
    return Plan(
        zones={SITE: "example.com"},
        origins={SITE: Origin(address)},
        resend_delay=timedelta(seconds=5),
        minimum_duration=timedelta(seconds=60),
        calm_period=timedelta(seconds=20),
    )


@contextmanager
def prepared_prefix_stack(plan: Plan, pace: Pace, clock: Clock) -> Iterator[Stack]:
    """Make everything ready, and start nothing; in the end stop what was started."""
    with prepared_stack(plan, clock) as stack:
        known = stack.processes["simulator"]
        command = [*known.command, f"--prefix={PREFIX}"]
        stack.processes["simulator"] = Process("simulator", command, stack.folder)
        with _edited(stack.config) as config:
            config["sites"] = {SITE: {"prefixes": [PREFIX]}}
            config["cloudflare"]["account_id"] = Account().id
            config["policies"] = [_policy(pace)]
        with _edited(stack.folder / "prometheus.yml") as config:
            config["rule_files"] = _rules(stack.folder)
        yield stack


def set_up(stack: Stack, pace: Pace) -> None:
    """Tell the simulated Cloudflare its pace, and give it tunnels that carry traffic."""
    _order(stack, "PUT", "advertising", asdict(pace))
    for name in TUNNELS:
        _order(stack, "POST", "tunnels", {"name": name})


def _policy(pace: Pace) -> dict[str, Any]:
    rest = format_duration(timedelta(seconds=pace.withdraw_after_advertise))
    options = {"withdraw_after_advertise": rest}
    return {"name": "prefixes", "mitigation": KIND.name, "options": options}


def _rules(folder: Path) -> list[str]:
    """Return the rules that the stack has, with the detector of bits in the place of its own."""
    source = shipped_folder("rules") / "detectors" / _DETECTOR
    copied = folder / "rules" / "detectors" / _DETECTOR
    copied.write_text(source.read_text())
    others = [one for one in (folder / "rules").rglob("*.yml") if one.parent != copied.parent]
    return [str(path) for path in (*sorted(others), copied)]


@contextmanager
def _edited(path: Path) -> Iterator[dict[str, Any]]:
    config = yaml.safe_load(path.read_text())
    yield config
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def _order(stack: Stack, method: str, what: str, body: dict[str, Any]) -> None:
    url = f"{stack.url('simulator')}/simulator/{what}"
    try:
        httpx.request(method, url, json=body, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise StackError(f"the simulator did not take {method} {what}: {error}") from error
