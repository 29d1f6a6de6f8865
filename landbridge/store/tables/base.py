"""What every table shares: the metadata with its naming of constraints, a time, a run."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Text, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def now() -> Column[object]:
    """A column `at`: when the row was written."""
    return Column("at", DateTime(timezone=True), nullable=False, server_default=func.now())


def run_column(name: str = "run_id") -> Column[object]:
    """A column that names the run that wrote the row."""
    return Column(name, Text, ForeignKey("run.run_id"), nullable=False)
