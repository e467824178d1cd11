"""Who we are to Cloudflare, and what never reaches a message."""

import pytest

from responder.cloudflare.credentials import Key, Token, excerpt, mark
from responder.domain.breaker import Failure
from responder.errors import ConfigError, ProviderError

OLD_TOKEN = "aB3-_" * 8
GLOBAL_KEY = "c0ffee1234567890c0ffee1234567890c0ffe"
ZONE_ID = "0123456789abcdef0123456789abcdef"


def test_a_token_is_read_anew_for_each_request():
    tokens = iter(["one\n", "two"])
    token = Token(lambda: next(tokens))

    assert [token.headers(), token.headers()] == [
        {"Authorization": "Bearer one"},
        {"Authorization": "Bearer two"},
    ]


def test_a_global_key_goes_with_its_email():
    key = Key("anna@example.com", lambda: GLOBAL_KEY)

    assert key.headers() == {"X-Auth-Email": "anna@example.com", "X-Auth-Key": GLOBAL_KEY}


def test_the_mark_changes_with_the_secret_and_gives_nothing_of_it_away():
    tokens = iter([OLD_TOKEN, OLD_TOKEN, "another"])
    token = Token(lambda: next(tokens))
    first, same, changed = mark(token), mark(token), mark(token)

    assert first == same != changed
    assert OLD_TOKEN not in first
    assert mark(Key("anna@example.com", gone)) == ""


def test_an_email_that_no_header_may_hold_is_refused():
    with pytest.raises(ProviderError, match="no header may hold"):
        Key("änna@example.com", lambda: GLOBAL_KEY).headers()


def gone():
    raise FileNotFoundError(2, "No such file or directory", "/etc/responder/cloudflare.token")


def refused():
    raise ConfigError(["cloudflare.api_token_file: not readable"])


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        pytest.param(gone, "cannot be read: .*No such file", id="file gone"),
        pytest.param(refused, "cannot be read: cloudflare.api_token_file", id="refused"),
        pytest.param(lambda: " \n", "^the Cloudflare credential is empty", id="empty"),
        pytest.param(lambda: "a\nb", "no header may hold", id="line break"),
        pytest.param(lambda: "ключ", "no header may hold", id="other script"),
    ],
)
def test_a_credential_that_cannot_be_sent_is_a_bad_one(read, reason):
    for credential in (Token(read), Key("anna@example.com", read)):
        with pytest.raises(ProviderError, match=reason) as raised:
            credential.headers()
        assert raised.value.failure is Failure.UNAUTHORIZED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("bad cfut_aB3-_xyz!", "bad [redacted]!", id="user token"),
        pytest.param("bad cfat_aB3-_xyz", "bad [redacted]", id="account token"),
        pytest.param("bad cfk_aB3-_xyz", "bad [redacted]", id="global key"),
        pytest.param(f"token={OLD_TOKEN},", "token=[redacted],", id="older token"),
        pytest.param(GLOBAL_KEY, "[redacted]", id="older global key"),
        pytest.param("Authorization: Bearer abc", "Authorization: Bearer [redacted]", id="header"),
        pytest.param(
            "authorization: basic YTpi", "authorization: basic [redacted]", id="basic header"
        ),
        pytest.param('{"X-Auth-Key": "abc"}', '{"X-Auth-Key": "[redacted]"}', id="key in json"),
        pytest.param(
            "sent Bearer abcdefghijklmnop", "sent Bearer [redacted]", id="bearer without header"
        ),
    ],
)
def test_secrets_do_not_reach_a_message(text, expected):
    assert excerpt(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Invalid format for Authorization header",
        "the bearer token is missing",
        f"Could not route to /client/v4/zones/{ZONE_ID}",
        "ray 8f1e2d3c4b5a6978-FRA",
    ],
)
def test_what_is_no_secret_stays_readable(text):
    assert excerpt(text) == text


def test_an_excerpt_is_one_line_and_cut():
    assert excerpt("a\r\n\tb\x1b[31m\x00c") == "a b [31m c"
    assert excerpt("x " * 500) == ("x " * 500)[:200] + "..."


def test_a_secret_at_the_cut_is_redacted_before_it_is_cut():
    assert "cfut" not in excerpt("x" * 30 + " " + "y " * 82 + "cfut_" + "a" * 45)
