"""The engine for PostgreSQL, through psycopg 3; imported only by those who use it."""

from datetime import timedelta

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

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

_SESSION = """
SELECT set_config(name, wanted, false)
FROM pg_settings
JOIN (VALUES
    -- A commit is durable before it is acknowledged, whatever the database's default is.
    ('synchronous_commit', 'off', 'on'),
    -- Milliseconds: a lock of somebody else ends the statement, and not the writer thread.
    ('statement_timeout', '0', '3000')
) AS ours (setting_name, unwanted, wanted) ON setting_name = name AND unwanted = setting
"""
"""What a session needs that does not already say otherwise."""


def postgres_engine(url: URL) -> Engine:
    """Prepare to connect, which the first use does; what the URL says of the limits wins."""
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg", query=_LIMITS | dict(url.query)),
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            paramstyle="format",  # by position, as SQLite has them
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "cannot open the store: PostgreSQL needs psycopg: pip install 'responder[postgres]'"
        ) from error
    event.listen(engine, "connect", _set_session)
    event.listen(engine, "begin", _begin)
    return engine


def _set_session(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_SESSION)
    cursor.close()
    connection.commit()


def _begin(connection: Connection) -> None:
    """Let everything that is read together be of one moment."""
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


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
