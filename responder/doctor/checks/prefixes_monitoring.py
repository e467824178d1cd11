"""Whether Cloudflare's own monitoring advertises a prefix as well: one controller is enough."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.mnm import MnmRule, MnmRules
from responder.doctor.checks.prefixes_provisioned import NO_PREFIXES, ask_account, configured
from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["judge", "look"]

_SHOWN = 5

_Network = IPv4Network | IPv6Network


async def look(context: Context) -> Sequence[Finding]:
    """Ask for the rules of Magic Network Monitoring."""
    prefixes = configured(context)
    if not prefixes:
        return [ok(NO_PREFIXES)]

    async def ask(client: CloudflareClient, account: str) -> list[MnmRule]:
        return await MnmRules(client, account).read()

    try:
        return judge(await ask_account(context, ask), prefixes)
    except ProviderError as error:
        if error.failure is not Failure.REFUSED:
            return [skipped(str(error), "ask again")]
        advice = "give the token Magic Network Monitoring Read, or look in the dashboard"
        return [skipped(str(error), advice)]


def judge(rules: Sequence[MnmRule], prefixes: Iterable[str]) -> list[Finding]:
    """Judge the rules that advertise by themselves; each is told on its own."""
    ours = {ip_network(prefix): prefix for prefix in prefixes}
    switching = [rule for rule in rules if rule.automatic_advertisement]
    touched = {rule.name: list(_meant(rule, ours)) for rule in switching}
    found = [_two_controllers(name, meant) for name, meant in touched.items() if meant]
    return found or [ok(f"none of {len(rules)} rules advertises one of these by itself")]


def _two_controllers(name: str, meant: Sequence[str]) -> Finding:
    more = f" and {len(meant) - _SHOWN} more" if len(meant) > _SHOWN else ""
    return warning(
        f"it advertises {', '.join(meant[:_SHOWN])}{more} by itself, and never withdraws: two"
        " controllers",
        "switch its automatic advertisement off, or see that `adopt` is true: then what it"
        " advertises is withdrawn after the calm when an alert asked for it as well",
        f"rule {name}",
    )


def _meant(rule: MnmRule, ours: Mapping[_Network, str]) -> Iterator[str]:
    """Yield those of ours that the rule advertises: its own, or by its `prefix_match`."""
    theirs = set(_networks(rule.prefixes))
    subnets = theirs if rule.prefix_match == "subnet" else set()
    exact = theirs | {around for one in subnets for around in _around(one)}
    supernets = theirs if rule.prefix_match == "supernet" else set()
    for network, prefix in ours.items():
        if network in exact or not supernets.isdisjoint(_around(network)):
            yield prefix


def _around(network: _Network) -> list[_Network]:
    """Return all networks that contain this one."""
    return [network.supernet(new_prefix=length) for length in range(network.prefixlen)]


def _networks(prefixes: Iterable[str]) -> Iterator[_Network]:
    """Yield those that can be read: a strange one must not hide the others."""
    for prefix in prefixes:
        try:
            yield ip_network(prefix, strict=False)
        except ValueError:
            continue
