"""What an answer of Cloudflare's GraphQL means: all of the data that was asked for, or a failure.

Errors can come beside data and with the status 200. A part of the data says nothing about the rest,
so an answer with any error is a failure: nothing may look calm because it was not answered.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from responder.cloudflare.answers import Answer, Operation, malformed, understood
from responder.cloudflare.credentials import excerpt
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["queried", "rows"]


def queried(answer: Answer, operation: Operation) -> Mapping[str, object]:
    """Return the data of an answer; raises ProviderError when any of it is missing."""
    document = _document(answer.body)
    if answer.status != HTTPStatus.OK and "errors" not in document:
        understood(answer, operation)  # something on the way has answered; it says what
    if said := _said(document.get("errors")):
        message = f"{operation.name}: Cloudflare answered {answer.status}: {excerpt(said)}"
        raise ProviderError(_failure(answer.status), message)
    data = document.get("data")
    if answer.status != HTTPStatus.OK or not isinstance(data, dict):
        raise malformed(operation, f"{answer.status} without data")
    return data


def rows(data: Mapping[str, object], dataset: str, operation: Operation) -> list[dict[str, object]]:
    """Return the rows of one dataset of the one account that was asked about.

    Raises ProviderError when the account or the dataset is missing: no rows would look like calm.
    """
    viewer = data.get("viewer")
    accounts = viewer.get("accounts") if isinstance(viewer, dict) else None
    if not isinstance(accounts, list) or len(accounts) != 1 or not isinstance(accounts[0], dict):
        raise malformed(operation, "no data of the account")
    found = accounts[0].get(dataset)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise malformed(operation, f"no list of {dataset}")
    return found


def _document(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _said(errors: object) -> str:
    if not isinstance(errors, list):
        return "" if errors is None else str(errors)
    return ", ".join(str(one.get("message") if isinstance(one, dict) else one) for one in errors)


def _failure(status: int) -> Failure:
    if status == HTTPStatus.UNAUTHORIZED:
        return Failure.UNAUTHORIZED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure.SERVER_ERROR
    # The budget of GraphQL is its own: its 429 must not hold what is switched over REST.
    return Failure.REFUSED
