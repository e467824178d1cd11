"""What webhooks told as a journal, in place of one row for each alert.

The way back keeps the last telling of each alert; earlier ones are lost.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 500

_alerts = sa.table(
    "alerts",
    *map(sa.column, ("fingerprint", "labels", "annotations", "status", "starts_at")),
    *map(sa.column, ("updated_at", "received_at", "seq", "origin")),
)
_webhooks = sa.table(
    "webhooks", *map(sa.column, ("id", "seq", "origin", "received_at", "size", "alerts"))
)


def upgrade() -> None:
    """Make the journal, and write each alert into it, in the order in which they were told."""
    server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger if server else sa.Integer, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("alerts", sa.Text, nullable=False),
    )
    rows = op.get_bind().execute(sa.select(_alerts).order_by(_alerts.c.seq)).mappings()
    for some in rows.partitions(_AT_ONCE):
        op.bulk_insert(_webhooks, [_webhook(row) for row in some])
    if server:
        op.create_index("ix_webhooks_seq", "webhooks", ["seq"])
        op.drop_index("ix_alerts_seq", "alerts")
    op.drop_table("alerts")


def downgrade() -> None:
    """Make a row of the last telling of each alert again."""
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("annotations", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text),
    )
    if last := list(_last_tellings()):
        op.bulk_insert(_alerts, last)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_alerts_seq", "alerts", ["seq"])
        op.drop_index("ix_webhooks_seq", "webhooks")
    op.drop_table("webhooks")


def _webhook(row: sa.RowMapping) -> dict[str, Any]:
    told = {
        "fingerprint": row["fingerprint"],
        "status": row["status"],
        "starts_at": _moment(row["starts_at"]),
        "updated_at": None if row["updated_at"] is None else _moment(row["updated_at"]),
        "received_at": _moment(row["received_at"]),
        "labels": json.loads(row["labels"]),
        "annotations": json.loads(row["annotations"]),
    }
    return {
        "seq": row["seq"],
        "origin": row["origin"],
        "received_at": row["received_at"],
        "size": 1,
        "alerts": json.dumps([told]),
    }


def _last_tellings() -> Iterator[dict[str, Any]]:
    """Return a row for each alert: a later start wins, then its end, then what was told last."""
    ranks: dict[str, tuple[int, bool]] = {}
    last: dict[str, dict[str, Any]] = {}
    rows = op.get_bind().execute(sa.select(_webhooks).order_by(_webhooks.c.id)).mappings()
    for row in rows:
        for told in json.loads(row["alerts"]):
            rank = (_stamp(told["starts_at"]), told["status"] == "resolved")
            if rank >= ranks.get(told["fingerprint"], rank):
                ranks[told["fingerprint"]] = rank
                last[told["fingerprint"]] = _row(row, told)
    yield from last.values()


def _row(webhook: sa.RowMapping, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "fingerprint": told["fingerprint"],
        "labels": json.dumps(told["labels"]),
        "annotations": json.dumps(told["annotations"]),
        "status": told["status"],
        "starts_at": _stamp(told["starts_at"]),
        "updated_at": None if told["updated_at"] is None else _stamp(told["updated_at"]),
        "received_at": _stamp(told["received_at"]),
        "seq": webhook["seq"],
        "origin": webhook["origin"],
    }


def _moment(stamp: int) -> str:
    return (_EPOCH + stamp * _MICROSECOND).isoformat()


def _stamp(moment: str) -> int:
    return (datetime.fromisoformat(moment) - _EPOCH) // _MICROSECOND
