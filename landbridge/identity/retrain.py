"""Learning a model from the customer's own base, without labels."""

from __future__ import annotations

import pyarrow as pa

from landbridge.errors import RecordRejected
from landbridge.identity import signatures
from landbridge.identity.features import features
from landbridge.identity.model import Model
from landbridge.identity.resolve import known_given
from landbridge.store import bulk
from landbridge.store.engine import Store
from landbridge.store.profiles import PROFILE_SCHEMA


def profiles(store: Store) -> pa.Table:
    """Everybody who is there, as identity compares them: with what their signatures tell."""
    columns = ", ".join(PROFILE_SCHEMA.names)
    with store.bulk() as connection:
        found = bulk.get(connection, f"SELECT {columns} FROM profile WHERE NOT gone ORDER BY profile_id")
        return signatures.added(connection, found)


def learn_anew(store: Store, start: Model) -> Model:
    """A model fitted to the base, beginning with `start`. Raises RecordRejected for a base that is too small."""
    from landbridge.identity.fitting import SMALLEST_BASE, fit

    base = profiles(store)
    if base.num_rows < SMALLEST_BASE:
        raise RecordRejected(
            f"{base.num_rows:,} profiles are too few to learn from; {SMALLEST_BASE:,} are needed.",
            do="Go on with the model in force; it needs none of your data.",
        )
    return fit(features(base, known_given(start)), start)
