"""Signatures are those of Standard Webhooks, as others compute them."""

import base64
import shutil
import subprocess

import pytest

from responder.routers.signing import key_of, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_signature_is_the_one_of_the_specifications_own_libraries():
    """Their test vector, of the library in Python (tests of standard-webhooks)."""
    headers = signed_headers(key_of(SECRET), MESSAGE, AT, BODY)
    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl computes it")
def test_the_signature_is_the_one_that_openssl_computes():
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    words = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}"]
    content = f"{MESSAGE}.{AT}.".encode() + BODY
    digest = subprocess.run([*words, "-binary"], input=content, capture_output=True, check=True)
    signed = signed_headers(key, MESSAGE, AT, BODY)["webhook-signature"]
    assert signed == f"v1,{base64.b64encode(digest.stdout).decode()}"


@pytest.mark.parametrize("change", ["id", "time", "body", "key"])
def test_each_part_is_signed(change):
    parts = {"id": MESSAGE, "time": AT, "body": BODY, "key": key_of(SECRET)}
    other = {"id": "msg_2", "time": AT + 1, "body": BODY + b" ", "key": b"k" * 24}
    one = parts | {change: other[change]}
    before = signed_headers(parts["key"], parts["id"], parts["time"], parts["body"])
    after = signed_headers(one["key"], one["id"], one["time"], one["body"])
    assert before["webhook-signature"] != after["webhook-signature"]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("hunter2-hunter2-hunter2", "no signing secret"),
        ("whsec_not+base64!", "no base64"),
        ("whsec_äöü", "no base64"),
        ("whsec_" + base64.b64encode(b"hunter2" * 3).decode(), "holds 21 bytes"),
        ("whsec_" + base64.b64encode(b"hunter2!" * 9).decode(), "holds 72 bytes"),
    ],
)
def test_a_secret_that_is_none_says_how_to_make_one_and_not_what_it_is(secret, said):
    with pytest.raises(ValueError, match=said) as raised:
        key_of(secret)
    assert "openssl rand -base64 32" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert secret.removeprefix("whsec_") not in str(raised.value)
