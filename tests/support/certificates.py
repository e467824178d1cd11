"""Certificates of our own making, for servers and clients on loopback."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
HERE = "subjectAltName=IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path


def self_signed(folder: Path, name: str, *, names: str = HERE) -> Pair:
    """Make a certificate that vouches for itself, for a server or as an authority."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    words = ["req", "-x509", *NEW_KEY, "-days", "2", "-subj", f"/CN={name}.test"]
    _openssl(*words, "-addext", names, "-keyout", str(pair.key), "-out", str(pair.cert))
    return pair


def signed(folder: Path, name: str, authority: Pair) -> Pair:
    """Make a certificate that the authority vouches for."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    request = folder / f"{name}.csr"
    words = ["-subj", f"/CN={name}.test", "-keyout", str(pair.key), "-out", str(request)]
    _openssl("req", *NEW_KEY, *words)
    by = ["-CA", str(authority.cert), "-CAkey", str(authority.key), "-CAcreateserial"]
    _openssl("x509", "-req", "-in", str(request), *by, "-days", "2", "-out", str(pair.cert))
    return pair


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
