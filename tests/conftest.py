"""What holds for all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

WITH_SERVERS = (
    "cli/",
    "demo/test_processes.py",
    "simulator/",
    "store/test_backup.py",
    "store/test_opening.py",
    "store/test_schema.py",
    "store/test_sqlite.py",
    "web/test_bodies.py",
    "web/test_protocol.py",
)
"""Where tests speak to real servers over sockets, start processes, or work on a real disk."""

UNITS = (
    *("alertmanager/", "cloudflare/", "domain/", "mitigations/", "notifications/", "prometheus/"),
    *("reconciler/", "routers/", "sensor/", "settings/", "store/", "test_"),
)
"""Where the unit tests are, those of the Makefile's `UNIT`: all others run in the long run."""

NO_UNITS = ("cloudflare/test_sdk_oracle.py",)
"""What is among them and takes seconds to import."""

# `pytest --hypothesis-profile thorough` looks longer than the unit run can afford.
settings.register_profile("quick", max_examples=25)
settings.register_profile("thorough", max_examples=1000)
settings.load_profile("quick")


def pytest_collection_modifyitems(items):
    """Keep the unit run to what needs neither a socket, another process nor many seconds."""
    here = Path(__file__).parent
    for item in items:
        place = str(item.path.relative_to(here))
        if place.startswith(WITH_SERVERS) or "postgres" in item.fixturenames:
            item.add_marker(pytest.mark.integration)
        if not place.startswith(UNITS) or place.startswith(NO_UNITS):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def postgres():
    """Give a real PostgreSQL; who kills or pauses one starts its own."""
    from support.postgres import running_postgres  # noqa: PLC0415 - the unit run saves psycopg

    with running_postgres() as server:
        yield server
