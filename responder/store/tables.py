"""The one schema, for both databases; `migrations/` tells how older ones become it.

A moment is a whole number of microseconds since 1970, in UTC: such numbers sort, compare and come
back exactly on both databases, where texts depend on collation and their own timestamps on the
driver's idea of time zones. A duration never has a column. JSON is plain text: nothing asks the
database to look inside, and its own JSON types would refuse or rewrite some texts.
"""

import sqlalchemy as sa

__all__ = [
    "HEAD",
    "TABLES",
    "counters",
    "events",
    "facts",
    "intents",
    "leases",
    "memories",
    "metadata",
    "orders",
    "webhooks",
]

HEAD = "0004"
"""The newest migration: what a database that matches this module is stamped with."""

metadata = sa.MetaData()

memories = sa.Table(
    "memories",
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("mitigation", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

# A journal, written at its end alone: a flood of alerts in a table by their fingerprints, which are
# spread over all its pages, would write each page of it again and again.
webhooks = sa.Table(
    "webhooks",
    metadata,
    # SQLite numbers rows by itself only when the type is spelled INTEGER.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("alerts", sa.Text, nullable=False),
)
# Only replicas ask what came since; SQLite has none, and every index makes webhooks slower.
sa.Index("ix_webhooks_seq", webhooks.c.seq).ddl_if(dialect="postgresql")

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("finished_at", sa.BigInteger),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Index("ix_events_target_id", "target", "id"),
    sa.Index("ix_events_at", "at"),
    # An id is never given twice, not even after everything has been pruned.
    sqlite_autoincrement=True,
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("override", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

TABLES = (memories, webhooks, intents, events, facts, leases, orders, counters)
