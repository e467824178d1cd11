"""The configuration of each program of a stack, made from the files that we ship."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import yaml

from responder.demo.addresses import Addresses
from responder.demo.plan import Origin, Plan
from responder.demo.rules import copy_rules
from responder.settings.durations import format_duration
from responder.shipped import shipped_folder
from responder.simulator.state import default_token

__all__ = [
    "API_FILE",
    "SENDER_FILE",
    "alertmanager_config",
    "prometheus_config",
    "resend_flag",
    "responder_config",
    "write_configs",
]

API_FILE = "api.token"
_WEBHOOK_FILE = "webhook.token"
SENDER_FILE = "alertmanager.token"
_CLOUDFLARE_FILE = "cloudflare.token"
"""Tokens, each in a file that only its owner can read."""


def write_configs(plan: Plan, addresses: Addresses, folder: Path) -> None:
    """Write everything that the programs read into the folder."""
    webhook = token_urlsafe()
    secrets = {
        API_FILE: token_urlsafe(),
        _WEBHOOK_FILE: webhook,
        SENDER_FILE: webhook,
        _CLOUDFLARE_FILE: default_token().value,
    }
    for name, secret in secrets.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret)
    rules = copy_rules(plan, folder / "rules")
    documents = {
        "prometheus.yml": prometheus_config(plan, addresses, rules),
        "alertmanager.yml": alertmanager_config(addresses, folder),
        "responder.yml": responder_config(plan, addresses, folder),
    }
    for name, document in documents.items():
        (folder / name).write_text(yaml.safe_dump(document, sort_keys=False))


def prometheus_config(plan: Plan, addresses: Addresses, rules: Sequence[Path]) -> dict[str, Any]:
    """Return a configuration that loads the rules and scrapes the plan's origins."""
    interval = format_duration(plan.interval)
    nodes = [
        {"targets": [origin.address], "labels": {"site": site, "__metrics_path__": origin.path}}
        for site, origin in _origins(plan, addresses)
    ]
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": interval,
        },
        "rule_files": [str(path) for path in rules],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [addresses.alertmanager]}]}]
        },
        "scrape_configs": [
            {"job_name": "node", "static_configs": nodes},
            {
                "job_name": "responder",
                "static_configs": [{"targets": [addresses.responder]}],
            },
        ],
    }


def _origins(plan: Plan, addresses: Addresses) -> Iterator[tuple[str, Origin]]:
    machine = Origin(addresses.node_exporter)
    for site in plan.zones:
        yield site, plan.origins.get(site, machine)


def resend_flag(plan: Plan) -> str:
    """Return Prometheus' resend delay under which alerts are repeated as often as planned.

    Prometheus repeats an alert at the first evaluation that is strictly later.
    """
    half = plan.interval / 2
    return format_duration(max(plan.resend_delay - half, timedelta(milliseconds=1)))


def alertmanager_config(addresses: Addresses, folder: Path) -> dict[str, Any]:
    """Return the shipped configuration with our address and token, and without any mail."""
    config: dict[str, Any] = yaml.safe_load(
        (shipped_folder("alertmanager") / "alertmanager.yml").read_text()
    )
    del config["global"]  # only says how to send mail
    config["receivers"] = [
        _receiver(receiver, addresses, folder) for receiver in config["receivers"]
    ]
    return config


def _receiver(shipped: Mapping[str, Any], addresses: Addresses, folder: Path) -> dict[str, Any]:
    """Return the receiver that posts to us with our address; any other one as a name alone."""
    if "webhook_configs" not in shipped:
        return {"name": shipped["name"]}
    (hook,) = shipped["webhook_configs"]
    path = hook["url"].split("/", 3)[3]
    authorization = {"credentials_file": str(folder / SENDER_FILE)}
    return {
        "name": shipped["name"],
        "webhook_configs": [
            {
                **hook,
                "url": f"http://{addresses.responder}/{path}",
                "http_config": {"authorization": authorization},
            }
        ],
    }


def responder_config(plan: Plan, addresses: Addresses, folder: Path) -> dict[str, Any]:
    """Return our own configuration: everything enforced, against the simulated Cloudflare."""
    return {
        "server": {
            "listen": addresses.responder,
            "webhook_token_file": str(folder / _WEBHOOK_FILE),
            "api_token_file": str(folder / API_FILE),
        },
        "alertmanager": {
            "urls": [f"http://{addresses.alertmanager}"],
            "poll_interval": format_duration(plan.poll_interval),
            "resend_delay": format_duration(plan.resend_delay),
        },
        "prometheus": {"url": f"http://{addresses.prometheus}"},
        "cloudflare": {
            "api_token_file": str(folder / _CLOUDFLARE_FILE),
            "base_url": f"http://{addresses.simulator}/client/v4",
            "timeout": format_duration(plan.provider_timeout),
        },
        "store": {"url": f"sqlite:///{folder / 'responder.db'}"},
        "sites": {site: {"zones": [zone]} for site, zone in plan.zones.items()},
        "guards": {
            "minimum_duration": format_duration(plan.minimum_duration),
            "calm_period": format_duration(plan.calm_period),
        },
        "log": {"format": "text"},
    }
