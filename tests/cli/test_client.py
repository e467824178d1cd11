"""What can go wrong between the command line and the service."""

from types import SimpleNamespace

import httpx
import pytest

from responder.cli.access import Access, configured_access
from responder.cli.client import ServiceClient, UnreachableError
from responder.errors import ResponderError
from responder.settings.addresses import parse_address


def client(*answers: httpx.Response | Exception) -> ServiceClient:
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return ServiceClient(Access("http://service"), httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(200, json={"status": "success"})],
    ids=["a page", "another program"],
)
def test_whoever_is_no_responder_is_told_as_such(answer):
    with pytest.raises(ResponderError, match="no responder of this version; correct the URL"):
        client(answer).targets()


def test_a_failure_of_the_service_is_told_in_its_own_words():
    trouble = httpx.Response(503, json={"error": "the store cannot be used now"})
    with pytest.raises(ResponderError, match="answered 503: the store cannot be used now"):
        client(trouble).targets()


def test_a_long_foreign_answer_is_not_repeated():
    with pytest.raises(ResponderError) as caught:
        client(httpx.Response(502, text="x" * 10_000)).targets()
    assert str(caught.value) == "http://service answered 502: Bad Gateway"


@pytest.mark.parametrize(
    "failure",
    [httpx.ReadTimeout("timed out"), httpx.ConnectError("refused"), httpx.RemoteProtocolError("")],
    ids=lambda failure: type(failure).__name__,
)
def test_every_failure_of_the_transport_means_that_nobody_answers(failure):
    with pytest.raises(UnreachableError, match="does not answer at http://service"):
        client(failure).targets()


def test_a_service_that_only_reads_says_what_to_set():
    refusal = httpx.Response(403, json={"error": "read-only; set server.api_token_file"})
    with pytest.raises(ResponderError, match=r"read-only; set server\.api_token_file$"):
        client(refusal).lift("a", "me")


def test_an_answer_without_a_date_cannot_be_told_the_time_of():
    asked = client(httpx.Response(200, json={"targets": []}))
    asked.targets()
    with pytest.raises(ResponderError, match="sends no Date"):
        asked.now()


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:9847", "http://127.0.0.1:9847"),
        ("0.0.0.0:9847", "http://127.0.0.1:9847"),
        ("[::]:9847", "http://[::1]:9847"),
        ("10.0.0.7:80", "http://10.0.0.7:80"),
    ],
)
def test_a_service_that_listens_everywhere_is_asked_on_loopback(listen, url):
    server = SimpleNamespace(listen=parse_address(listen), api_token=None, tls=None)
    assert configured_access(SimpleNamespace(server=server), None).url == url
