"""What is judged of Cloudflare and of clocks, row by row."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.cloudflare.security_level import SecurityLevel
from responder.cloudflare.tokens import TokenKind, TokenStatus
from responder.cloudflare.zones import Zone
from responder.doctor.checks import (
    clock_skew,
    cloudflare_security_level,
    cloudflare_token,
    cloudflare_write_permission,
    cloudflare_zones,
)
from responder.doctor.dates import Dated, DatingTransport
from responder.doctor.finding import Status

OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("token", "status", "seen"),
    [
        pytest.param(TokenStatus("active", TokenKind.USER), OK, "a user", id="for ever"),
        pytest.param(
            TokenStatus("active", TokenKind.ACCOUNT, NOW + 90 * DAY), OK, "2027-02-18", id="long"
        ),
        pytest.param(
            TokenStatus("active", TokenKind.USER, NOW + 13 * DAY), WARNING, "13 days", id="soon"
        ),
        pytest.param(TokenStatus("expired", TokenKind.USER), FAILURE, "expired", id="expired"),
        pytest.param(TokenStatus("disabled", TokenKind.USER), FAILURE, "disabled", id="disabled"),
        pytest.param(None, WARNING, "global API key", id="key"),
    ],
)
def test_a_token_is_active_and_stays_so_for_a_while(token, status, seen):
    finding = cloudflare_token.judge(token, NOW, "https://cf")

    assert finding.status is status
    assert seen in finding.seen


@pytest.mark.parametrize(
    ("status", "paused", "expected"),
    [
        ("active", False, OK),
        ("active", True, FAILURE),
        ("pending", False, FAILURE),
        ("", False, FAILURE),
    ],
)
def test_a_zone_is_active_and_not_paused(status, paused, expected):
    zone = Zone("0" * 32, "example.com", status, paused=paused, plan="Free Website")

    assert cloudflare_zones.judge(zone).status is expected


@pytest.mark.parametrize(("editable", "expected"), [(True, OK), (False, FAILURE)])
def test_a_level_can_be_set(editable, expected):
    level = SecurityLevel("high", editable=editable, modified_on=None)

    assert cloudflare_security_level.judge(level).status is expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param({"ok": 1.0, "refused": 9.0}, OK, id="has worked"),
        pytest.param({"ok": 0.0, "refused": 1.0}, WARNING, id="was refused"),
        pytest.param({"ok": 0.0}, SKIPPED, id="never tried"),
        pytest.param({}, SKIPPED, id="not known"),
        pytest.param({"timeout": 3.0}, SKIPPED, id="no answer"),
    ],
)
def test_whether_writing_is_allowed_is_said_only_when_it_is_known(outcomes, expected):
    assert cloudflare_write_permission.judge(outcomes).status is expected


def dated(seconds, took=0.5):
    """Return an answer of a clock that is so many seconds off, cut to the second as a Date is."""
    true = NOW + timedelta(seconds=seconds + took / 2)
    return Dated(NOW, true.replace(microsecond=0), NOW + timedelta(seconds=took))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(None, SKIPPED, id="no answer"),
        pytest.param(dated(0), OK, id="right"),
        pytest.param(dated(2), OK, id="hardly ahead"),
        pytest.param(dated(4), WARNING, id="ahead"),
        pytest.param(dated(-4), WARNING, id="behind"),
        pytest.param(dated(32), FAILURE, id="far ahead"),
        pytest.param(dated(-32), FAILURE, id="far behind"),
        pytest.param(dated(5, took=9), OK, id="within a slow answer"),
    ],
)
def test_clocks_agree(answer, status):
    assert clock_skew.judge("Cloudflare", answer).status is status


@given(off=st.floats(-3600, 3600), took=st.floats(0, 20), part=st.floats(0, 1), at=st.floats(0, 60))
def test_a_clock_is_never_said_to_be_further_off_than_it_is(off, took, part, at):
    asked = NOW + timedelta(seconds=at)
    given_at = asked + timedelta(seconds=took * part)
    date = (given_at + timedelta(seconds=off)).replace(microsecond=0)
    found = Dated(asked, date, asked + timedelta(seconds=took)).ahead.total_seconds()

    assert found == 0 or (found > 0) == (off > 0)
    assert abs(found) <= abs(off) + 1e-5
    assert abs(found) >= abs(off) - took - 1 - 1e-5


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Fri, 20 Nov 2026 10:00:01 GMT", NOW + SECOND),
        ("Fri, 20 Nov 2026 10:00:01 -0000", NOW + SECOND),
        ("yesterday", None),
        ("", None),
    ],
)
async def test_the_date_of_every_answer_is_kept(header, expected):
    inner = httpx.MockTransport(lambda _: httpx.Response(403, headers={"Date": header}))
    transport = DatingTransport(inner, lambda: NOW)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://x/")

    assert (transport.last.date if transport.last else None) == expected
