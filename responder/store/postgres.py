"""The engine for PostgreSQL, through psycopg 3; imported only by those who use it."""

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.dialects import postgresql

from responder.errors import StoreError
from responder.store.queries import Upserts

__all__ = ["UPSERTS", "postgres_engine"]

UPSERTS = Upserts.of(postgresql.Insert)

_LIMITS = {
    "connect_timeout": "3",
    # Milliseconds that sent bytes may stay unanswered; the kernel's own limit is a quarter hour.
    "tcp_user_timeout": "3000",
}
"""Below the patience of a commit's caller, so that a lost server cannot hold the writer thread."""


def postgres_engine(url: URL) -> Engine:
    """Prepare to connect, which the first use does; what the URL says of the limits wins."""
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg", query=_LIMITS | dict(url.query)),
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "cannot open the store: PostgreSQL needs psycopg: pip install 'responder[postgres]'"
        ) from error
