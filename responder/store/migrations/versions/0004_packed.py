"""What a webhook told of many alerts is packed; the way back unpacks it.

The way here changes no row: what was written before is read as it is.
"""

import zlib
from base64 import b64decode

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_PACKED = "z:"
_AT_ONCE = 500

_webhooks = sa.table("webhooks", *map(sa.column, ("id", "alerts")))


def upgrade() -> None:
    """Only let an older program know that it cannot read what this one writes."""


def downgrade() -> None:
    """Unpack, some rows at a time: all of a journal need not fit into memory."""
    connection, after = op.get_bind(), 0
    write = (
        sa.update(_webhooks)
        .where(_webhooks.c.id == sa.bindparam("row"))
        .values(alerts=sa.bindparam("text"))
    )
    some = sa.select(_webhooks).where(_webhooks.c.alerts.startswith(_PACKED))
    while True:
        page = some.where(_webhooks.c.id > after).order_by(_webhooks.c.id).limit(_AT_ONCE)
        rows = connection.execute(page).all()
        if not rows:
            return
        connection.execute(write, [{"row": id_, "text": _unpacked(text)} for id_, text in rows])
        after = rows[-1][0]


def _unpacked(text: str) -> str:
    return zlib.decompress(b64decode(text.removeprefix(_PACKED))).decode()
