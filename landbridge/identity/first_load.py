"""A first load fits the shipped model to its base, without labels and before anybody is linked.

Nothing can move yet, so nobody is asked. Later only a person's word changes the model (`landbridge identity retrain`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from landbridge.identity import models, retrain, signatures
from landbridge.identity.features import features
from landbridge.identity.model import Model, default_model
from landbridge.identity.resolve import Resolution, known_given, resolve
from landbridge.store.engine import Store

if TYPE_CHECKING:
    from landbridge.trail.runs import Run

REASON = "fitted to the first load, before anybody was linked"


def resolved(profiles: pa.Table) -> tuple[Model, Resolution]:
    """What a first load of these profiles comes to, and by which model. Features are made once: a fitted model knows
    the names that the shipped one does."""
    from landbridge.identity.fitting import for_first_load

    shipped = default_model()
    found = features(profiles, known_given(shipped))
    model = for_first_load(found, shipped)
    return model, resolve(profiles, model=model, found=found)


def fit(run: Run) -> None:
    """Put a model in force that is fitted to the base, if nobody is linked yet and nobody has adopted one."""
    if not _is_first(run.store):
        return
    with run.store.bulk() as connection:
        signatures.read(connection)  # resolving would do it, and who learned without them would learn otherwise later
    model = retrain.fitted(retrain.profiles(run.store))
    if model.version != default_model().version:
        models.adopt(run.store, model, run.actor, REASON)


def note(run: Run) -> None:
    """Once the first load is linked, keep what it looks like: `identity quality` tells drift from it later."""
    from landbridge.identity.quality import shares

    now = models.history(run.store)[0]
    if now.reason == REASON and not models.drift_of(run.store, now.version):
        models.note_drift(run.store, now.version, shares(run.store))


def _is_first(store: Store) -> bool:
    query = """SELECT NOT EXISTS (SELECT FROM link) AND NOT EXISTS (SELECT FROM adoption)
        AND EXISTS (SELECT FROM profile WHERE NOT gone)"""
    with store.begin() as connection:
        return bool(connection.scalar(sa.text(query)))
