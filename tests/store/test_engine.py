"""One door to the database: what is told when it does not answer, and locks that end with their block."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from landbridge.errors import StoreUnavailable
from landbridge.store.engine import Store

NOWHERE = "postgresql://reader:geheim@127.0.0.1:1/nothing"


@pytest.mark.parametrize("way", [Store.begin, Store.bulk, lambda store: store.only_one("publish")])
def test_a_database_that_does_not_answer_is_told_without_its_password(
    way: Callable[[Store], AbstractContextManager[Any]],
) -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/nothing does not answer") as told, way(Store(NOWHERE)):
        pytest.fail("there is no such database")
    assert "geheim" not in f"{told.value} {told.value.do}"


def test_a_lock_ends_with_its_block_however_that_ends(store: Store) -> None:
    with pytest.raises(RuntimeError), store.only_one("publish"):
        raise RuntimeError
    other = Store(store.uri)
    with other.only_one("publish"):
        pass
    other.close()
