"""What applying needs at hand all along: the run, the CRM, the rules of sending, and the line of the books to fill."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from connectors.base import Access, Connector
from landbridge.push import budget, halt
from landbridge.push.sending import Sending
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run


@dataclass(frozen=True)
class Dispatch:
    """One push, or one settling, of one account. `reasons` are the CRM's words about whole files that failed."""

    run: Run
    connector: Connector
    access: Access
    sending: Sending
    entry: Entry
    reasons: list[str] = field(default_factory=list)
    counting: threading.Lock = field(default_factory=threading.Lock)
    """Held while `entry` is added to: results of a file are noted while the next is made."""

    @property
    def store(self) -> Store:
        return self.run.store

    @property
    def writing(self) -> Access:
        """The way in for calls that write: what takes several of them asks before each."""
        return replace(self.access, leave=self.may_call)

    def may_call(self) -> None:
        """Before each call: raise GateClosed while writing is halted, SourceUnavailable where calls are kept for
        others."""
        halt.refuse(self.store, self.account)
        if self.access.meter is not None:
            budget.refuse(self.store, self.account, self.access.options, 1)

    @property
    def account(self) -> str:
        return self.access.account
