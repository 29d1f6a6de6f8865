"""Alembic runs this. It works on the connection that landbridge.store.schema hands it, in that transaction."""

from alembic import context

from landbridge.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
