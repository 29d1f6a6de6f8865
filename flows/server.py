"""Prefect's own server, with the one mend that it needs beside SQLAlchemy 2.1: docs/decisions/0008.

`landbridge up` serves it: `uvicorn --factory flows.server:create_app`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any


def create_app() -> Any:
    """Prefect's application, its scheduler included."""
    from prefect.server.api.server import create_app as prefect_app

    mend()
    return prefect_app()


def mend() -> None:
    """Let the scheduler insert flow runs.

    It inserts them in bulk with a key `state`, which is no column but a hybrid property. SQLAlchemy 2.0 left such keys
    out; 2.1 refuses unless the property says what to do with them. We say: leave them out.
    """
    from prefect.server.database.orm_models import FlowRun, TaskRun
    from sqlalchemy import inspect

    for model in (FlowRun, TaskRun):
        mapper: Any = inspect(model)
        state = mapper.all_orm_descriptors["state"]
        if getattr(state, "bulk_dml_setter", "absent") is None:
            state.bulk_dml_setter = _left_out


def _left_out(_model: type[Any], mapping: MutableMapping[str, Any], _value: Any) -> None:
    mapping.pop("state", None)
