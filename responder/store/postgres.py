"""The engine for PostgreSQL, through psycopg 3; imported only by those who use it."""

from datetime import timedelta

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.dialects import postgresql

from responder.errors import StoreError
from responder.ports import Claim
from responder.store import queries
from responder.store.queries import Upserts

__all__ = ["UPSERTS", "RowLease", "postgres_engine"]

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


class RowLease:
    """A row with an end in the server's own time, and a number that grows with every holder."""

    shared = True

    def __init__(self, holder: str) -> None:
        self.holder = holder

    def claim(self, connection: Connection, lasts: timedelta) -> Claim:
        """Take the row, renew it, or find out who has it."""
        microseconds = lasts // timedelta(microseconds=1)
        claim = queries.claim_lease(postgresql.Insert, self.holder, microseconds)
        token = connection.scalar(claim)
        if token is not None:
            return Claim(mine=True, token=token, holder=self.holder)
        other = connection.execute(queries.READ_LEASE).one()
        return Claim(mine=False, token=other.token, holder=other.holder)

    def give_up(self, connection: Connection) -> None:
        """End the row's time now."""
        connection.execute(queries.GIVE_UP_LEASE, {"by": self.holder})

    def close(self) -> None:
        """Do nothing: what was not given up ends by itself."""
