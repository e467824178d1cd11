"""What each answer of Cloudflare means for the next call."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from responder.cloudflare.answers import Answer, Operation, Result, moment, understood
from responder.domain.breaker import Failure
from responder.errors import ProviderError

WRITE = Operation("write_security_level", "Zone Settings Write")
DATE = "Fri, 20 Nov 2026 10:00:00 GMT"


def envelope(*errors, success=False, **fields):
    document = {"success": success, "errors": errors, "messages": [], "result": None}
    return json.dumps({**document, **fields}).encode()


def error(code, message="", **fields):
    return {"code": code, "message": message, **fields}


def failed(status, body=b"", **headers):
    with pytest.raises(ProviderError) as raised:
        understood(Answer(status, headers, body), WRITE)
    return raised.value


RESTS = Operation("write_bgp_prefix", "IP Prefixes: BGP On Demand Write", rests=True)
TOO_SOON = error(1002, "Prefix was withdrawn less than 15 minutes ago")


@pytest.mark.parametrize(
    ("operation", "fault", "failure"),
    [
        (RESTS, TOO_SOON, Failure.REFUSED),
        (RESTS, error(1002, "too many requests"), Failure.RATE_LIMITED),
        (WRITE, TOO_SOON, Failure.RATE_LIMITED),
    ],
)
def test_a_429_that_tells_a_resource_to_rest_is_its_own(operation, fault, failure):
    with pytest.raises(ProviderError) as raised:
        understood(Answer(429, {"retry-after": "60"}, envelope(fault)), operation)
    assert raised.value.failure is failure
    assert raised.value.retry_after == timedelta(seconds=60)


HTML = b"<html><body>502 Bad Gateway</body></html>"
CHAIN = error(
    6003, "Invalid request headers", error_chain=[error(6111, "Invalid format for Authorization")]
)

FAILURES = [
    pytest.param(500, envelope(error(1000)), Failure.SERVER_ERROR, id="500"),
    pytest.param(502, HTML, Failure.SERVER_ERROR, id="502 in html"),
    pytest.param(524, b"error code: 524", Failure.SERVER_ERROR, id="524 of the edge"),
    pytest.param(503, envelope(CHAIN), Failure.SERVER_ERROR, id="5xx before any code"),
    pytest.param(408, b"", Failure.SERVER_ERROR, id="408"),
    pytest.param(401, envelope(error(1000)), Failure.UNAUTHORIZED, id="401"),
    pytest.param(401, b"", Failure.UNAUTHORIZED, id="401 without a body"),
    pytest.param(401, envelope(error(9109)), Failure.UNAUTHORIZED, id="401 with 9109"),
    pytest.param(400, envelope(CHAIN), Failure.UNAUTHORIZED, id="400 with 6003"),
    pytest.param(
        400,
        envelope(error(1, error_chain=[error(6103)])),
        Failure.UNAUTHORIZED,
        id="bad key in the chain",
    ),
    pytest.param(
        403,
        envelope(error(9109, "Invalid access token")),
        Failure.UNAUTHORIZED,
        id="403 for a bad token",
    ),
    pytest.param(
        403,
        envelope(error(9109, "Unauthorized to access requested resource")),
        Failure.REFUSED,
        id="403 for a foreign zone",
    ),
    pytest.param(403, envelope(error(10000)), Failure.REFUSED, id="403 with 10000"),
    pytest.param(403, HTML, Failure.REFUSED, id="403 in html"),
    pytest.param(404, envelope(error(7003)), Failure.REFUSED, id="404"),
    pytest.param(400, envelope(error(1007)), Failure.REFUSED, id="400"),
    pytest.param(409, envelope(), Failure.REFUSED, id="409"),
    pytest.param(200, envelope(error(1057)), Failure.REFUSED, id="200 and no success"),
    pytest.param(200, envelope(CHAIN), Failure.UNAUTHORIZED, id="200 and a bad credential"),
    pytest.param(429, envelope(error(10100)), Failure.RATE_LIMITED, id="429"),
    pytest.param(429, b"slow down", Failure.RATE_LIMITED, id="429 in text"),
    pytest.param(302, b"", Failure.MALFORMED, id="redirect"),
    pytest.param(200, b"", Failure.MALFORMED, id="nothing"),
    pytest.param(200, HTML, Failure.MALFORMED, id="200 in html"),
    pytest.param(200, b"[]", Failure.MALFORMED, id="a list"),
    pytest.param(200, b'{"result": {}}', Failure.MALFORMED, id="no success"),
    pytest.param(200, envelope(success="yes"), Failure.MALFORMED, id="success no boolean"),
    pytest.param(200, b"[" * 100_000, Failure.MALFORMED, id="deep"),
    pytest.param(204, b"", Failure.MALFORMED, id="204"),
]


@pytest.mark.parametrize(("status", "body", "failure"), FAILURES)
def test_an_answer_that_is_no_success_is_a_failure_of_its_kind(status, body, failure):
    assert failed(status, body).failure is failure


def test_a_success_carries_its_result_and_its_page():
    body = envelope(success=True, result=[1], result_info={"page": 1})

    assert understood(Answer(200, {}, body), WRITE) == Result([1], {"page": 1})


@pytest.mark.parametrize("info", [None, [], "x"])
def test_a_success_may_say_nothing_of_pages(info):
    body = envelope(success=True, result={}, result_info=info)

    assert understood(Answer(201, {}, body), WRITE) == Result({}, {})


def test_an_error_in_the_messages_of_a_success_is_none():
    body = envelope(success=True, messages=[error(10000, "This API Token is valid and active")])

    assert understood(Answer(200, {}, body), WRITE).result is None


@pytest.mark.parametrize(
    ("status", "body", "texts"),
    [
        pytest.param(
            403,
            envelope(error(10000, "Authentication error")),
            ["write_security_level", "403", "10000 Authentication error", "'Zone Settings Write'"],
            id="permission",
        ),
        pytest.param(
            200,
            envelope(error(9109, "Unauthorized")),
            ["Zone Settings Write"],
            id="permission, 200",
        ),
        pytest.param(401, b"", ["401: an empty body", "the credential is wrong"], id="credential"),
        pytest.param(
            404, envelope(error(7003, "Could not route")), ["check the id of the zone"], id="id"
        ),
        pytest.param(429, b"", ["too many requests"], id="rate limit"),
        pytest.param(302, b"", ["cloudflare.base_url"], id="redirect"),
        pytest.param(
            400,
            envelope(CHAIN),
            ["6003 Invalid request headers, 6111 Invalid format for Authorization"],
            id="chain",
        ),
        pytest.param(502, HTML, ["502 Bad Gateway"], id="html"),
        pytest.param(200, b"", ["something else than its API does", "empty body"], id="nothing"),
    ],
)
def test_the_message_says_what_happened_and_what_to_do(status, body, texts):
    message = str(failed(status, body))

    assert [text for text in texts if text not in message] == []


def test_the_code_of_the_first_error_is_kept():
    assert failed(400, envelope(error(None, "odd"), error(1007), error(1008))).code == 1007
    assert failed(502, HTML).code is None


@pytest.mark.parametrize(
    "errors", [None, {}, "no", [None], ["text"], [[]], [{}], [{"code": "1007", "message": None}]]
)
def test_errors_of_another_shape_are_still_a_failure(errors):
    body = json.dumps({"success": False, "errors": errors}).encode()

    assert failed(400, body).failure is Failure.REFUSED


def test_foreign_text_is_cut():
    assert len(str(failed(502, b"x " * 10_000))) < 300
    assert len(str(failed(400, envelope(error(1007, "y " * 10_000))))) < 300


RETRY_AFTER = [
    pytest.param({"retry-after": "30"}, timedelta(seconds=30), id="seconds"),
    pytest.param({"retry-after": " 0 "}, timedelta(0), id="at once"),
    pytest.param({"retry-after": "999999"}, timedelta(hours=1), id="too long"),
    pytest.param({"retry-after": "9" * 20}, timedelta(hours=1), id="far too long"),
    pytest.param(
        {"retry-after": "Fri, 20 Nov 2026 10:05:00 GMT", "date": DATE},
        timedelta(minutes=5),
        id="date, by the clock of the answer",
    ),
    pytest.param(
        {"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": DATE}, timedelta(0), id="past"
    ),
    pytest.param({"retry-after": "Fri, 20 Nov 2026 10:05:00 GMT"}, None, id="date, no clock"),
    pytest.param(
        {"retry-after": "Fri, 20 Nov 2026 10:05:00 -0000", "date": DATE}, None, id="date, no zone"
    ),
    pytest.param({"retry-after": "soon", "date": DATE}, None, id="neither"),
    pytest.param({"retry-after": "-1", "date": DATE}, None, id="negative"),
    pytest.param({"date": DATE}, None, id="absent"),
]


@pytest.mark.parametrize(("headers", "expected"), RETRY_AFTER)
def test_a_rate_limit_says_how_long_to_wait(headers, expected):
    assert failed(429, **headers).retry_after == expected


def test_only_a_rate_limit_makes_everything_wait():
    assert failed(503, **{"retry-after": "30"}).retry_after is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2014-01-01T05:20:00.12345Z", datetime(2014, 1, 1, 5, 20, 0, 123450, tzinfo=UTC)),
        ("2014-01-01T05:20:00+02:00", datetime(2014, 1, 1, 3, 20, tzinfo=UTC)),
        ("2014-01-01T05:20:00", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_time_that_cannot_be_read_is_none(text, expected):
    assert moment(text) == expected
