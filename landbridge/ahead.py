"""One step ahead: while the caller is at work on an item, the next one is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items in the same order; each is made in a thread while the caller uses the one before it.

    Never more than one ahead, and never two at a time. What making an item raises is raised here, after the items
    before it.
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(_next, source)
        while item := coming.result():
            coming = worker.submit(_next, source)
            yield item[0]


def _next(source: Iterator[T]) -> tuple[T] | None:
    """The next item, wrapped, so that no item looks like the end."""
    for item in source:
        return (item,)
    return None
