"""Alembic's entry: run inside the transaction that `ledger.migrate` holds open."""

from alembic import context

from ytaudio_daemon.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
