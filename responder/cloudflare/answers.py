"""What Cloudflare's answers mean: a result, or a failure that says what it means for the next."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from responder.cloudflare.credentials import excerpt
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = [
    "BAD_CREDENTIAL",
    "Answer",
    "Operation",
    "Result",
    "bare",
    "malformed",
    "moment",
    "understood",
]

BAD_CREDENTIAL = (
    "the credential is wrong, expired or revoked; check cloudflare in the configuration"
)
"""What to do when nothing but another credential helps."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""Cloudflare's own limit clears within five minutes: longer is a mistake."""

_BAD_CREDENTIAL = frozenset({6003, 6103, 6111, 9103, 9106})
_NO_PERMISSION = frozenset({9109, 10000})
_UNKNOWN_ID = frozenset({7000, 7003})
_RESTING = re.compile(r"\bless than \d+ minutes? ago\b|\btoo (?:soon|recent)", re.IGNORECASE)
_SHOWN = 4096  # of a body that is no JSON, before secrets are sought in it and it is cut


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that we ask of Cloudflare: its name in metrics, and what a token needs for it."""

    name: str
    permission: str
    rests: bool = False
    """Whether the resource must rest between two changes: a 429 that says so speaks of it alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """The inside of an envelope that says success; whoever asked judges its shape."""

    result: object
    info: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Fault:
    code: int | None
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code or ""), self.message) if part)


def understood(answer: Answer, operation: Operation) -> Result:
    """Return the result of an answer; raises ProviderError when it is a failure or is none.

    An answer can say 200 and no success in one breath, so both are looked at.
    """
    envelope = _envelope(answer.body)
    succeeded = envelope.get("success")
    fine = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    if not fine or succeeded is False:
        raise _failed(answer, envelope, operation)
    if succeeded is not True:
        raise malformed(operation, f"{answer.status} with {_said(answer, ())}")
    info = envelope.get("result_info")
    return Result(envelope.get("result"), info if isinstance(info, dict) else {})


def bare(answer: Answer, operation: Operation) -> Mapping[str, object]:
    """Return the object of a family that answers without an envelope; raises ProviderError.

    Its failures, and what something on the way answers, come as they do elsewhere.
    """
    document = _envelope(answer.body)
    fine = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    if not fine or document.get("success") is False:
        raise _failed(answer, document, operation)
    if not document:
        raise malformed(operation, f"{answer.status} with {_said(answer, ())}")
    return document


def malformed(operation: Operation, what: str) -> ProviderError:
    """Return the error for an answer that cannot be what was asked for."""
    message = f"{operation.name}: Cloudflare answered something else than its API does: {what}"
    return ProviderError(Failure.MALFORMED, message)


def moment(value: object) -> datetime | None:
    """Read a time; None when there is none or it cannot be read."""
    try:
        at = datetime.fromisoformat(str(value))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _envelope(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _failed(answer: Answer, envelope: dict[str, object], operation: Operation) -> ProviderError:
    faults = tuple(_faults(envelope.get("errors")))
    resting = operation.rests and any(_RESTING.search(fault.message) for fault in faults)
    failure = Failure.REFUSED if resting else _failure(answer.status, faults)
    advice = _advice(failure, answer.status, faults, operation)
    message = f"{operation.name}: Cloudflare answered {answer.status}: {_said(answer, faults)}"
    return ProviderError(
        failure,
        f"{message}; {advice}" if advice else message,
        retry_after=_retry_after(answer) if resting or failure is Failure.RATE_LIMITED else None,
        code=next((fault.code for fault in faults if fault.code), None),
    )


def _faults(errors: object) -> Iterator[_Fault]:
    """Yield what an envelope complains of, with the chains that older services add."""
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            code = error.get("code")
            yield _Fault(code if isinstance(code, int) else None, str(error.get("message", "")))
            yield from _faults(error.get("error_chain"))


def _failure(status: int, faults: tuple[_Fault, ...]) -> Failure:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure.RATE_LIMITED
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure.SERVER_ERROR
    if status == HTTPStatus.UNAUTHORIZED or any(map(_blames_credential, faults)):
        return Failure.UNAUTHORIZED
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Failure.MALFORMED
    return Failure.REFUSED


def _blames_credential(fault: _Fault) -> bool:
    """Tell a bad credential from a lack of permission, for which one code is used as well."""
    return fault.code in _BAD_CREDENTIAL or "invalid access token" in fault.message.lower()


def _advice(failure: Failure, status: int, faults: tuple[_Fault, ...], operation: Operation) -> str:
    codes = {fault.code for fault in faults}
    if failure is Failure.UNAUTHORIZED:
        return BAD_CREDENTIAL
    if failure is Failure.RATE_LIMITED:
        return "too many requests, by this service or by others with the same account"
    if failure is Failure.MALFORMED:
        return "this is no answer of its API; check cloudflare.base_url"
    if failure is Failure.REFUSED and (status == HTTPStatus.FORBIDDEN or codes & _NO_PERMISSION):
        return f"the credential needs the permission {operation.permission!r} on this resource"
    if status == HTTPStatus.NOT_FOUND or codes & _UNKNOWN_ID:
        return "check the id of the zone or account"
    return ""


def _said(answer: Answer, faults: tuple[_Fault, ...]) -> str:
    if faults:
        return excerpt(", ".join(map(str, faults)))
    return excerpt(answer.body[:_SHOWN].decode(errors="replace")) or "an empty body"


def _retry_after(answer: Answer) -> timedelta | None:
    """Return the wait asked for, in seconds or as a date by the clock of the answer itself."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        if text.isdecimal():
            wait = timedelta(seconds=int(text))
        else:
            date = parsedate_to_datetime(answer.headers.get("date", ""))
            wait = parsedate_to_datetime(text) - date
    except OverflowError:
        return LONGEST_RETRY_AFTER
    except (TypeError, ValueError):  # no such header, no date, or only one of them has a zone
        return None
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)
