"""The whole chain proved beside the pages: one proof at a time in a process, in a thread of its own, watched by whoever
cares to. Reading ten million events takes minutes; no request waits for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from landbridge.errors import LandbridgeError
from landbridge.store.engine import Store
from landbridge.trail import chain
from landbridge.trail.chain import Verdict


@dataclass
class Proof:
    """How far one has come. `verdict` is there when it ended; `trouble` where it could not be done."""

    total: int
    asked_by: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    done: int = 0
    verdict: Verdict | None = None
    head_seq: int = 0
    trouble: str = ""
    ended_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self.ended_at is None

    @property
    def share(self) -> float:
        """How much of the chain was read, of 1."""
        return 1.0 if self.verdict else min(self.done / self.total, 1.0) if self.total else 0.0


class Prover:
    """The proofs of a console: the last one stays to be looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: Proof | None = None

    def start(self, store: Store, asked_by: str) -> Proof:
        """Begin one, or answer the one that is at work."""
        with self._lock:
            if self.last is None or not self.last.running:
                head = chain.head(store)
                self.last = Proof(head.seq if head else 0, asked_by)
                threading.Thread(target=_prove, args=(store, self.last), daemon=True, name="proof").start()
            return self.last


def _prove(store: Store, proof: Proof) -> None:
    def told(done: int) -> None:
        proof.done = done

    try:
        verdict = chain.verdict(chain.read(store, last=proof.total), told=told)
        proof.head_seq = verdict.events
        proof.verdict = verdict
    except LandbridgeError as error:
        proof.trouble = str(error)
    except Exception as error:  # whatever it is, whoever watches must hear of it
        proof.trouble = f"It could not be read ({type(error).__name__})."
    finally:
        proof.ended_at = datetime.now(UTC)
