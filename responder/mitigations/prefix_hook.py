"""The hook of prefixes: what its options are, and what the operator's own routers are told."""

import json
import ssl
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from responder.domain.hook import HookAnswer, HookCall, HookEvent, HookOutcome, HookRule
from responder.domain.targets import Target
from responder.ports import Clock
from responder.routers.client import HookClient, HookEndpoint
from responder.routers.signing import key_of
from responder.settings.fields import Duration, ExistingFile, HookUrl, InlineSecret, SecretInFile
from responder.settings.secret import Secret
from responder.settings.section import Section

__all__ = ["HookOptions", "OnFailure", "PrefixHook", "rule_of"]

LONGEST_TIMEOUT = timedelta(seconds=30)


class OnFailure(StrEnum):
    """What follows when the routers do not take the call before an advertisement."""

    PROCEED = "proceed"
    HOLD = "hold"


def _signing(secret: Secret) -> Secret:
    key_of(secret.value())
    return secret


def _authority(file: Path) -> Path:
    try:
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        raise ValueError(f"{file} holds no certificate; write the authority's in PEM") from None
    return file


def _short(timeout: timedelta) -> timedelta:
    if timeout > LONGEST_TIMEOUT:
        raise ValueError("is longer than 30s; an advertisement waits for it, so write less")
    return timeout


class HookOptions(Section):
    """The `hook` of a policy for prefixes: a signed request to the operator's own routers."""

    url: HookUrl
    """Where it is posted, as it is written; plain http only on loopback. Redirects are not
    followed."""
    secret: Annotated[InlineSecret, AfterValidator(_signing)] | None = None
    """The signing secret as it is, `whsec_` and 24 to 64 bytes in base64. Better: `secret_file`."""
    secret_file: Annotated[SecretInFile, AfterValidator(_signing)] | None = None
    """File with the signing secret. Read again when it changes. One of the two is needed."""
    timeout: Annotated[Duration, AfterValidator(_short)] = timedelta(seconds=5)
    """How long an answer may take as a whole; at most 30s. An advertisement waits this long for
    routers that do not answer."""
    on_failure: OnFailure = OnFailure.PROCEED
    """When the call before an advertisement fails: `proceed` with it, or `hold` it and call again
    until they take it. Hold only where an advertisement without them would be the worse outage."""
    events: Annotated[tuple[HookEvent, ...], Field(min_length=1)] = (
        HookEvent.BEFORE_ADVERTISE,
        HookEvent.AFTER_WITHDRAW,
    )
    """What they are told. A call before a withdrawal that fails always holds it."""
    ca_file: Annotated[ExistingFile, AfterValidator(_authority)] | None = None
    """The authority of its certificate, in PEM. Left out: those of the system. Read at the start
    and by a reload."""

    @model_validator(mode="after")
    def _one_secret(self) -> "HookOptions":
        if self.secret is None and self.secret_file is None:
            raise ValueError("has no secret; add secret_file")
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("has secret and secret_file; keep one of them")
        return self

    def endpoint(self) -> HookEndpoint:
        """Return how it is reached."""
        secret = self.secret or self.secret_file
        if secret is None:
            raise AssertionError("the validation lets no hook pass without a secret")
        trust = ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else None
        return HookEndpoint(self.url, secret.value, self.timeout, trust)


def rule_of(hook: HookOptions | None) -> HookRule:
    """Return what decisions must know of it."""
    if hook is None:
        return HookRule()
    return HookRule(frozenset(hook.events), hook.on_failure is OnFailure.HOLD)


class PrefixHook:
    """Implements ports.Hook: one client for each hook that a policy names."""

    def __init__(
        self,
        options: Callable[[Target], HookOptions | None],
        clock: Clock,
        observe: Callable[[str, str], None],
    ) -> None:
        """`observe` is told the event and the outcome of each call."""
        self._options = options
        self._clock = clock
        self._observe = observe
        self._clients: dict[HookOptions, HookClient] = {}

    async def call(self, target: Target, call: HookCall) -> HookAnswer:
        """Tell the routers once, and return what came of it; no raise."""
        options = self._options(target)
        if options is None:
            return HookAnswer(HookOutcome.GONE, "no hook is configured any more")
        if options not in self._clients:
            self._clients[options] = HookClient(options.endpoint(), self._clock)
        answer = await self._clients[options].post(call.id, _body(target, call))
        self._observe(call.event, answer.outcome)
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()


def _body(target: Target, call: HookCall) -> bytes:
    """Return what they are told, the same for every try."""
    told = {
        "event": call.event,
        "at": call.at.isoformat(),
        "prefix": target.resource,
        "site": target.site,
        "target": target.id,
        "reason": call.reason,
        "actor": call.actor,
    }
    return json.dumps(told, separators=(",", ":")).encode()
