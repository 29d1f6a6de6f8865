"""Work in a process of its own, so that nothing measured warms another's imports or memory."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any


def apart(work: Callable[..., Any], *words: Any) -> Any:
    """What `work` answers in a fresh process. Ends the benchmark when it fails there."""
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    process = context.Process(target=_answer, args=(out, work, *words))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")
    return out.get()


def _answer(out: Any, work: Callable[..., Any], *words: Any) -> None:
    out.put(work(*words))
