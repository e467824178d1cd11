"""Several replicas on one database: a lease, orders on their way, and numbers for webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what replicas share; webhooks are numbered on from the newest there is."""
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("override", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO counters (name, value) SELECT 'webhooks', coalesce(max(seq), 0) FROM alerts"
    )
    op.add_column("alerts", sa.Column("origin", sa.Text))
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_alerts_seq", "alerts", ["seq"])


def downgrade() -> None:
    """Drop it again; orders that nobody has followed yet are lost."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_alerts_seq", "alerts")
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_column("origin")
    for table in ("counters", "orders", "leases"):
        op.drop_table(table)
