"""Learning a model from the customer's own base, without labels."""

from __future__ import annotations

import pyarrow as pa

from landbridge.errors import RecordRejected
from landbridge.identity import signatures
from landbridge.identity.features import features
from landbridge.identity.model import Model, default_model
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


def fitted(profiles: pa.Table) -> Model:
    """The shipped model as a first load of these profiles would fit it; itself where they are too few. Whoever learns
    again from an unchanged base learns the same, however often."""
    from landbridge.identity.fitting import for_first_load

    shipped = default_model()
    return for_first_load(features(profiles, known_given(shipped)), shipped)


def learn_anew(store: Store) -> Model:
    """A model fitted to the base. Raises RecordRejected for a base that is too small."""
    from landbridge.identity.fitting import SMALLEST_BASE

    base = profiles(store)
    if base.num_rows < SMALLEST_BASE:
        raise RecordRejected(
            f"{base.num_rows:,} profiles are too few to learn from; {SMALLEST_BASE:,} are needed.",
            do="Go on with the model in force; it needs none of your data.",
        )
    return fitted(base)
