"""What only several values together can be: incomplete, or contradicting each other."""

import ssl
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from responder.domain.notification_types import TYPES
from responder.errors import ConfigError
from responder.ports import MitigationKind
from responder.settings.durations import format_duration
from responder.settings.listener_tls import listener_context
from responder.settings.policies import GUARDS, GuardSettings
from responder.settings.report import Report
from responder.settings.root import Root
from responder.settings.secret import Secret
from responder.settings.section import Section
from responder.settings.sections import HttpAuth, Tls
from responder.settings.tree import KeyPath
from responder.settings.validation import did_you_mean

__all__ = ["check_sections", "guard_scopes"]


def check_sections(root: Root, kinds: Sequence[MitigationKind], report: Report) -> None:
    """Report every contradiction between sound values."""
    _check_server(root, report)
    _check_credential(root, report)
    _check_auth(root.alertmanager.http, ("alertmanager", "http"), report)
    _check_auth(root.prometheus.http, ("prometheus", "http"), report)
    _check_urls(root, report)
    _check_sites(root, report)
    _check_policies(root, kinds, report)
    _check_guards(root, report)
    _check_notifications(root, report)
    _check_log(root, report)


def guard_scopes(root: Root, report: Report) -> list[tuple[KeyPath, GuardSettings]]:
    """Return the guards, and those of every policy that sets one of its own."""
    scopes: list[tuple[KeyPath, GuardSettings]] = [(("guards",), root.guards)]
    for index, policy in enumerate(root.policies):
        path = ("policies", index)
        if any(report.sets((*path, guard)) for guard in GUARDS):
            scopes.append((path, policy))
    return scopes


def _check_server(root: Root, report: Report) -> None:
    server = root.server
    is_open = server.webhook_token is None and not server.listen.is_loopback
    if is_open and not report.touches(("server", "webhook_token_file")):
        report.problem(
            ("server", "listen"),
            f"{server.listen} can be reached by others; set webhook_token_file, or listen on"
            " 127.0.0.1",
        )
    if _same(server.webhook_token, server.api_token):
        report.problem(
            ("server", "api_token_file"),
            "holds the same token as webhook_token_file; make another one",
        )
    if server.tls is not None and not report.touches(("server", "tls")):
        _check_tls(server.tls, report)


def _check_tls(tls: Tls, report: Report) -> None:
    try:
        listener_context(tls.cert_file, tls.key_file, tls.client_ca_file)
    except ConfigError as error:
        report.problem(("server", "tls"), str(error))


def _same(one: Secret | None, other: Secret | None) -> bool:
    return one is not None and other is not None and one.value() == other.value()


def _given(section: Section, path: KeyPath, report: Report) -> set[str]:
    """Return the keys of a section that somebody set, those of wrong values too."""
    return {
        key
        for key in type(section).model_fields
        if getattr(section, key) is not None or report.touches((*path, key))
    }


def _check_credential(root: Root, report: Report) -> None:
    here: KeyPath = ("cloudflare",)
    given = _given(root.cloudflare, here, report)
    for key in ("api_token", "api_key"):
        if {key, f"{key}_file"} <= given:
            report.problem((*here, key), f"is set and {key}_file too; keep one of them")
    has_token = given & {"api_token", "api_token_file"}
    has_key = given & {"api_key", "api_key_file"}
    has_email = "email" in given
    if has_token and (has_key or has_email):
        report.problem(here, "has both a token and email or key; keep one kind of credential")
    elif has_email and not has_key:
        report.problem((*here, "email"), "has no key; add api_key_file, or use api_token_file")
    elif has_key and not has_email:
        report.problem(here, "has a key but no email; add email, or use api_token_file")
    elif not has_token and not has_key:
        report.problem(here, "has no credential; add api_token_file (or email and api_key_file)")


def _check_auth(auth: HttpAuth, path: KeyPath, report: Report) -> None:
    given = _given(auth, path, report)
    if {"bearer_token_file", "username"} <= given:
        report.problem((*path, "username"), "is set and bearer_token_file too; keep one of them")
    if "username" in given and "password_file" not in given:
        report.problem((*path, "username"), "has no password; add password_file")
    if "password_file" in given and "username" not in given:
        report.problem((*path, "password_file"), "has no user; add username")
    if auth.ca_file is not None and not report.touches((*path, "ca_file")):
        _check_authority(auth.ca_file, (*path, "ca_file"), report)


def _check_authority(file: Path, path: KeyPath, report: Report) -> None:
    try:
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        report.problem(path, f"{file} holds no certificate; write the authority's in PEM")


def _check_urls(root: Root, report: Report) -> None:
    seen: set[str] = set()
    for index, url in enumerate(root.alertmanager.urls):
        if url in seen:
            report.problem(("alertmanager", "urls", index), f"{url} is there twice; keep one")
        seen.add(url)


def _check_sites(root: Root, report: Report) -> None:
    if not root.sites and not report.touches(("sites",)):
        report.problem(("sites",), "there are none; add a site with its zones or prefixes")
    owners: dict[str, KeyPath] = {}
    for name, site in root.sites.items():
        if not site.zones and not site.prefixes and not report.touches(("sites", name)):
            report.problem(("sites", name), "protects nothing; add zones or prefixes")
        for key, resources in (("zones", site.zones), ("prefixes", site.prefixes)):
            for index, resource in enumerate(resources):
                path: KeyPath = ("sites", name, key, index)
                first = owners.setdefault(resource, path)
                if first != path:
                    where = f"under {first[1]} ({report.source(first)})"
                    report.problem(path, f"{resource} is already {where}; keep one of them")
    _check_overlaps(root, report)
    _check_account(root, report)


def _check_overlaps(root: Root, report: Report) -> None:
    """To advertise a prefix is to advertise what is in it, whoever that belongs to."""
    found: list[tuple[IPv4Network | IPv6Network, KeyPath]] = [
        (ip_network(prefix), ("sites", name, "prefixes", index))
        for name, site in root.sites.items()
        for index, prefix in enumerate(site.prefixes)
    ]
    around: list[tuple[IPv4Network | IPv6Network, KeyPath]] = []
    for network, path in sorted(found, key=lambda one: (one[0].version, *_span(one[0]))):
        while around and not _holds(around[-1][0], network):
            around.pop()
        for outer, other in around:
            if outer != network and other[1] != path[1]:
                where = f"under {other[1]} ({report.source(other)})"
                report.problem(path, f"{network} lies in {outer} {where}; keep both in one site")
        around.append((network, path))


def _span(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    return int(network.network_address), network.prefixlen


def _holds(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return outer.version == inner.version and inner.network_address in outer


def _check_account(root: Root, report: Report) -> None:
    account = ("cloudflare", "account_id")
    has_prefixes = any(site.prefixes for site in root.sites.values())
    if has_prefixes and not root.cloudflare.account_id and not report.touches(account):
        report.problem(account, "is required for prefixes; add the id of the account they are in")


def _check_policies(root: Root, kinds: Sequence[MitigationKind], report: Report) -> None:
    known = [kind.name for kind in kinds]
    first: dict[str, KeyPath] = {}
    for index, policy in enumerate(root.policies):
        path: KeyPath = ("policies", index)
        for key in ("name", "mitigation"):
            if not getattr(policy, key) and not report.touches((*path, key)):
                report.problem((*path, key), "is required; add it")
        if policy.mitigation and policy.mitigation not in known:
            known_ones = did_you_mean(policy.mitigation, known)
            text = f"unknown mitigation {policy.mitigation!r}; {known_ones}"
            report.problem((*path, "mitigation"), text)
        other = first.setdefault(policy.name, path)
        if policy.name and other != path:
            _tell_same_name(path, other, report)
        matches_all = not policy.match and report.sets((*path, "match"))
        if matches_all and not report.touches((*path, "match")):
            report.problem((*path, "match"), "would match every alert; add a condition")


def _tell_same_name(path: KeyPath, other: KeyPath, report: Report) -> None:
    if report.sets((*path, "name")):
        text = f"is also the name of a policy at {report.source((*other, 'name'))}; rename one"
        report.problem((*path, "name"), text)
    else:
        text = "is the name of the policy built in for another mitigation; rename this one"
        report.problem((*other, "name"), text)


def _check_guards(root: Root, report: Report) -> None:
    for path, guards in guard_scopes(root, report):
        pair = ("maximum_duration", "minimum_duration")
        own = [key for key in pair if report.sets((*path, key))]
        if own and guards.maximum_duration < guards.minimum_duration:
            longest = format_duration(guards.maximum_duration)
            shortest = format_duration(guards.minimum_duration)
            report.problem(
                (*path, own[0]),
                f"maximum_duration ({longest}) is below minimum_duration ({shortest}); swap them",
            )


def _check_notifications(root: Root, report: Report) -> None:
    here, section = "notifications", root.notifications
    for key, token in (
        ("webhook_token_file", root.server.webhook_token),
        ("api_token_file", root.server.api_token),
    ):
        if _same(section.secret_file, token):
            report.problem(
                (here, "secret_file"), f"holds the same secret as server.{key}; make another one"
            )
    for key, types in (("trigger", section.trigger), ("sustain", section.sustain)):
        for index, one in enumerate(types):
            if one not in TYPES:
                known = did_you_mean(one, list(TYPES))
                report.problem((here, key, index), f"unknown alert type {one!r}; {known}")
            elif key == "sustain" and one in section.trigger:
                report.problem((here, key, index), f"{one} is under trigger too; keep one of them")


def _check_log(root: Root, report: Report) -> None:
    log = root.log
    if log.output == "file" and log.file is None and not report.touches(("log", "file")):
        report.problem(("log", "output"), "file needs a path; add file")
