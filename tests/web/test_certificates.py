"""The listener's certificate: renewed under way, and never lost by half of a renewal."""

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy, which

import pytest
import structlog
from support.certificates import Pair, self_signed, signed

from responder.errors import ConfigError
from responder.web.certificates import Certificates

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificates"),
]


@dataclass
class Made:
    """Certificates under their names, and the files that the listener reads."""

    folder: Path
    known: dict[str, Pair] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Pair:
        if name not in self.known:
            self.known[name] = self_signed(self.folder, name)
        return self.known[name]

    def client(self, name: str, authority: str) -> Pair:
        return self.known.setdefault(name, signed(self.folder, name, self[authority]))

    def put(self, **files: Path) -> None:
        """Replace files at once, as whoever renews certificates does."""
        for name, source in files.items():
            copy(source, self.folder / "new")
            (self.folder / "new").replace(self.folder / f"live.{name}")

    def live(self, *names: str) -> Certificates:
        return Certificates(*(self.folder / f"live.{name}" for name in names))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path)
    made.put(cert=made["old"].cert, key=made["old"].key)
    return made


@asynccontextmanager
async def listening(certificates: Certificates):
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=certificates.context())
    async with server:
        yield server.sockets[0].getsockname()[1]


async def shown(port: int, mine: Pair | None = None, **limits: object) -> str:
    """Return the name in the certificate that a new connection is shown, and hear the greeting."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in limits.items():
        setattr(context, name, value)
    if mine is not None:
        context.load_cert_chain(mine.cert, mine.key)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        assert await asyncio.wait_for(reader.readline(), 5) == b"hello\n"
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    return "old" if b"old.test" in der else "new"


async def test_a_renewed_certificate_is_shown_to_the_next_connection(made):
    async with listening(made.live("cert", "key")) as port:
        assert await shown(port) == "old"

        made.put(cert=made["new"].cert, key=made["new"].key)

        assert await shown(port) == "new"


async def test_half_of_a_renewal_is_said_once_and_the_old_pair_stands(made):
    async with listening(made.live("cert", "key")) as port:
        with structlog.testing.capture_logs() as said:
            made.put(cert=made["new"].cert)
            assert [await shown(port), await shown(port)] == ["old", "old"]
            made.put(key=made["new"].key)
            assert await shown(port) == "new"

    assert [one["event"] for one in said] == [
        "the renewed certificate is not used",
        "certificate renewed",
    ]


@pytest.mark.parametrize("spoilt", ["cert", "key"])
async def test_what_is_no_certificate_or_gone_changes_nothing(made, spoilt):
    async with listening(made.live("cert", "key")) as port:
        (made.folder / f"live.{spoilt}").write_text("spoilt")
        assert await shown(port) == "old"

        (made.folder / f"live.{spoilt}").unlink()

        assert await shown(port) == "old"


async def test_an_authority_that_was_taken_out_lets_nobody_in_any_more(made):
    first, second = made.client("first", "one"), made.client("second", "two")
    made.put(ca=made["one"].cert)
    async with listening(made.live("cert", "key", "ca")) as port:
        assert await shown(port, first) == "old"
        with pytest.raises((ssl.SSLError, OSError, AssertionError)):
            await shown(port, second)

        made.put(ca=made["two"].cert)

        assert await shown(port, second) == "old"
        for nobody in (first, None):
            with pytest.raises((ssl.SSLError, OSError, AssertionError)):
                await shown(port, nobody)


async def test_where_certificates_are_demanded_nothing_is_resumed_without_one(made):
    made.put(ca=made["one"].cert)
    mine = made.client("mine", "one")
    async with listening(made.live("cert", "key", "ca")) as port:
        with pytest.raises((ssl.SSLError, OSError)):
            await shown(port, mine, maximum_version=ssl.TLSVersion.TLSv1_2)

        assert made.live("cert", "key", "ca").context().num_tickets == 0


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("old.pem", "new.key"), "the key belongs to another certificate"),
        (("old.key", "old.key"), "cannot be used"),
        (("old.pem", "missing"), "cannot be read"),
        (("old.pem", "old.key", "old.key"), "client_ca_file .* cannot be used"),
    ],
    ids=["another key", "no certificate", "no file", "no authority"],
)
def test_what_cannot_be_served_is_told_before_it_is(made, files, said):
    assert made["new"].key.exists()
    with pytest.raises(ConfigError, match=said):
        Certificates(*(made.folder / name for name in files))


def test_a_key_with_a_password_is_told_and_nobody_is_asked_for_it(made, tmp_path):
    locked = tmp_path / "locked.key"
    words = ["openssl", "ec", "-in", str(made["old"].key), "-aes128", "-passout", "pass:x"]
    subprocess.run([*words, "-out", str(locked)], check=True, capture_output=True)
    with pytest.raises(ConfigError, match="the key is encrypted"):
        Certificates(made["old"].cert, locked)
