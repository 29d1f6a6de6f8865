"""One step ahead, and no further; in order; an error comes where it happened."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from landbridge.ahead import ahead


def test_the_next_is_made_while_this_one_is_used() -> None:
    second = threading.Event()

    def made() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    items = ahead(made())
    assert next(items) == 1
    assert second.wait(10), "the second is made only when it is asked for"
    assert list(items) == [2]


def test_no_further_than_the_next() -> None:
    made: list[int] = []

    def counted() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    items = ahead(counted())
    next(items)
    items.close()  # type: ignore[attr-defined]  # waits for what is under way
    assert made == [0, 1]


def test_in_their_order_whatever_they_are() -> None:
    assert list(ahead([0, None, False, ""])) == [0, None, False, ""]
    assert list(ahead([])) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("down")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(OSError, match="down"):
        next(items)
