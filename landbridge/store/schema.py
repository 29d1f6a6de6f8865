"""Bring a database to the schema that this version needs."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from landbridge.errors import StoreUnavailable
from landbridge.store.engine import Store

HEAD = "0006"
"""The newest migration. Known here so that an up-to-date database costs one query and no import of Alembic."""


def upgrade(store: Store) -> None:
    """Create or migrate the tables; does nothing when they are current. Raises StoreUnavailable."""
    with store.begin() as connection:
        current = _version(connection)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StoreUnavailable(
            f"The database has schema {current}; this version of Landbridge knows {HEAD}.",
            do="Upgrade Landbridge; or, when the database is another program's, name one of its own.",
        )
    _migrate(store)


def _version(connection: sa.Connection) -> str | None:
    if connection.scalar(sa.text("SELECT to_regclass('alembic_version')")) is None:
        return None
    version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return str(version) if version else None


def _migrate(store: Store) -> None:
    from alembic.util import CommandError

    try:
        migrate(store, HEAD)
    except (sa.exc.DBAPIError, CommandError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise StoreUnavailable(
            f"Our tables cannot be made in this database: {reason}.",
            do="Name a database of Landbridge's own, in which its user may create tables.",
        ) from error


def migrate(store: Store, revision: str) -> None:
    """Bring an older database to one revision."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # Two processes may meet an empty database at once: the second waits here and then finds nothing to do.
    with store.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('landbridge schema', 0))"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
