"""Alembic's entry: run the migrations on the connection that the caller has opened."""

from alembic import context

from responder.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
    # Our SQLite engine begins transactions itself, so a broken upgrade leaves nothing behind.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
