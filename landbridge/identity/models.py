"""The models that are or were in force: which one a run uses, who adopted it and why, and the way back.

Nothing adopted means the model that ships with this version, also after an upgrade. An adopted model stays in force
until somebody adopts another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from landbridge.errors import ConfigInvalid, NotFound
from landbridge.identity.model import Model, default_model, load, parse
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_model, _adoption = tables.identity_model, tables.adoption


@dataclass(frozen=True)
class Adopted:
    """One coming into force. `adoption_id` is None for the shipped model that nobody ever adopted."""

    version: str
    in_force: bool
    adoption_id: int | None = None
    adopted_by: str | None = None
    adopted_at: datetime | None = None
    reason: str = ""


def in_force(store: Store) -> Model:
    """The model that was adopted last, else the one that ships.

    Raises ConfigInvalid when it was learned on other evidence than this version's: identities are not re-made by a
    model that nobody chose.
    """
    query = sa.select(_model.c.version, sa.cast(_model.c.content, sa.Text).label("content")).join(_adoption)
    with store.begin() as connection:
        row = connection.execute(query.order_by(_adoption.c.adoption_id.desc()).limit(1)).first()
    return _read(row.version, row.content) if row else default_model()


def _read(version: str, content: str) -> Model:
    try:
        return parse(content, f"Model {version}")
    except ConfigInvalid as error:
        raise ConfigInvalid(
            str(error),
            do="`landbridge identity retrain` learns one for this version; "
            f"`landbridge identity models --adopt {default_model().version}` takes the one that ships.",
        ) from error


def from_file(file: Path) -> Model:
    """A model that somebody brings. Raises ConfigInvalid for what is none, and for one that cannot be reckoned with."""
    return load(file)


def adopt(store: Store, model: Model, actor: str, reason: str, drift: Mapping[str, object] | None = None) -> Adopted:
    """Put a model in force: identities are re-made by it the next time that somebody resolves.

    `drift` is what the base looked like, to be compared with later. One transaction, with its audit event. Adopting
    what is in force already writes nothing.
    """
    content = json.loads(model.as_json())
    if (now := history(store)[0]).version == model.version:
        return now
    with store.begin() as connection:
        row = {"version": model.version, "content": content, "drift": dict(drift or {})}
        connection.execute(insert(_model).values(row).on_conflict_do_nothing())
        if connection.scalar(sa.select(_model.c.content).where(_model.c.version == model.version)) != content:
            raise ConfigInvalid(
                f"Another model is called {model.version} already.", do="Give this one its own version."
            )
        values = {"version": model.version, "adopted_by": actor, "reason": reason}
        connection.execute(sa.insert(_adoption).values(values))
        event = audit.Event("model.adopted", actor, f"model/{model.version}", {"before": now.version})
        audit.record(connection, event)
    return history(store)[0]


def known(store: Store, version: str) -> Model:
    """A model that was in force once, or the one that ships. Raises NotFound."""
    if version == default_model().version:
        return default_model()
    query = sa.select(sa.cast(_model.c.content, sa.Text)).where(_model.c.version == version)
    with store.begin() as connection:
        content = connection.scalar(query)
    if content is None:
        raise NotFound(f"There is no model '{version}'.", do="`landbridge identity models` lists them.")
    return _read(version, content)


def history(store: Store) -> list[Adopted]:
    """Every coming into force, the one in force first, the shipped model last."""
    with store.begin() as connection:
        rows = connection.execute(sa.select(_adoption).order_by(_adoption.c.adoption_id.desc())).all()
    adopted = [
        Adopted(row.version, number == 0, row.adoption_id, row.adopted_by, row.at, row.reason)
        for number, row in enumerate(rows)
    ]
    return [*adopted, Adopted(default_model().version, not rows, reason="ships with this version")]


def drift_of(store: Store, version: str) -> dict[str, object]:
    """What the base looked like when the model was learned; empty when nobody noted it."""
    with store.begin() as connection:
        return dict(connection.scalar(sa.select(_model.c.drift).where(_model.c.version == version)) or {})


def note_drift(store: Store, version: str, drift: Mapping[str, object]) -> None:
    """Keep what the base looks like for a model of which nobody noted it. What was noted stays."""
    unknown = sa.update(_model).where(_model.c.version == version, _model.c.drift == {})
    with store.begin() as connection:
        connection.execute(unknown.values(drift=dict(drift)))
