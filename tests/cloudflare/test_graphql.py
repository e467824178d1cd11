"""What an answer of GraphQL means: all of the data, or a failure; never a part that looks calm."""

import json

import pytest

from responder.cloudflare.answers import Answer, Operation
from responder.cloudflare.graphql import queried, rows
from responder.domain.breaker import Failure
from responder.errors import ProviderError

READ = Operation("read_tunnel_health", "Account Analytics Read")
DATA = {"viewer": {"accounts": [{"checks": [{"count": 1}]}]}}


def asked(status, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return queried(Answer(status, {}, body), READ)


def test_an_answer_without_errors_is_its_data():
    assert asked(200, {"data": DATA, "errors": None}) == DATA
    assert asked(200, {"data": DATA, "errors": []}) == DATA


@pytest.mark.parametrize(
    ("status", "document", "failure", "said"),
    [
        (200, {"data": DATA, "errors": [{"message": "part of it"}]}, Failure.REFUSED, "part of it"),
        (200, {"data": None, "errors": [{"message": "too old"}]}, Failure.REFUSED, "too old"),
        (200, {"data": None, "errors": None}, Failure.MALFORMED, "without data"),
        (200, {"data": [], "errors": None}, Failure.MALFORMED, "without data"),
        (200, {"data": DATA, "errors": "odd"}, Failure.REFUSED, "odd"),
        (200, b"<html>", Failure.MALFORMED, "without data"),
        (400, {"errors": [{"message": "Syntax error"}]}, Failure.REFUSED, "400: Syntax error"),
        (401, {"errors": [{"message": "no"}]}, Failure.UNAUTHORIZED, "no"),
        (429, {"errors": [{"message": "budget depleted"}]}, Failure.REFUSED, "budget depleted"),
        (429, b"slow down", Failure.RATE_LIMITED, "slow down"),
        (503, {"errors": [{"message": "later"}]}, Failure.SERVER_ERROR, "later"),
        (502, b"<html>", Failure.SERVER_ERROR, "502"),
        (302, b"", Failure.MALFORMED, "302"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(status, document, failure, said):
    with pytest.raises(ProviderError, match=said) as raised:
        asked(status, document)
    assert raised.value.failure is failure
    assert "read_tunnel_health" in str(raised.value)


def test_the_rows_of_a_dataset_are_found():
    assert rows(DATA, "checks", READ) == [{"count": 1}]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"viewer": None},
        {"viewer": {"accounts": []}},
        {"viewer": {"accounts": [{}, {}]}},
        {"viewer": {"accounts": [{}]}},
        {"viewer": {"accounts": [{"checks": None}]}},
        {"viewer": {"accounts": [{"checks": [None]}]}},
    ],
)
def test_rows_that_are_not_told_are_not_none(data):
    with pytest.raises(ProviderError) as raised:
        rows(data, "checks", READ)
    assert raised.value.failure is Failure.MALFORMED
