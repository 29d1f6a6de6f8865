"""What HubSpot holds: contacts by id, fed by the world, changed by clients, remembered in a journal."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sandbox.faults import fraction
from sandbox.hubspot_properties import milliseconds, stamp
from sandbox.hubspot_rows import Row, Values, changed, new_row, traces_of, values_of
from sandbox.journal import Journal
from sandbox.model import Appearance, Event
from sandbox.world import World

_FIRST_OWN = 900_000_001


class HubSpotStore:
    """Contacts by id, with their earlier versions, which a late index still shows.

    A row is never changed, only replaced. ``merged`` tells where the ids that merges took away lead now.
    """

    def __init__(self, world: World, journal: Journal) -> None:
        self.journal = journal
        self.contacts: dict[str, Row] = {}
        self.merged: dict[str, str] = {}
        self._versions: dict[str, list[Row]] = {}
        self._holders: dict[str, str] = {}
        self._said: dict[str, Values] = {}
        self._ids: list[int] = []
        for person in world.appearances("hubspot"):
            self.take(person)
        for event in world.events("hubspot"):
            self.take(event)
        self._versions = {key: [row] for key, row in self.contacts.items()}
        for entry in journal.entries():
            self._play(entry)

    def take(self, news: Appearance | Event) -> None:
        """Let the world change a contact; what clients wrote and the world says nothing new about stays."""
        if isinstance(news, Event):
            self._touch(news.appearance_key, traces_of(news), stamp(news.updated_at))
            return
        values, before = values_of(news), self._said.get(news.key)
        self._said[news.key] = values
        if before is None:
            row = new_row(news.key, values, stamp(news.created_at))
            self._put({**changed(row, {}, stamp(news.updated_at)), "archived": news.deleted})
        else:
            news_only = {name: value for name, value in values.items() if value != before[name]}
            self._touch(news.key, news_only, stamp(news.updated_at))

    def _touch(self, key: str, values: Values, at: str) -> None:
        row = self.contacts.get(self.merged.get(key, key))
        if row and not row["archived"]:
            self._put(changed(row, values, at))

    def get(self, contact_id: str) -> Row | None:
        """The contact that has this id, or had it before a merge; archived ones too."""
        return self.contacts.get(self.merged.get(contact_id, contact_id))

    def holder(self, email: str) -> Row | None:
        """The contact that an e-mail address belongs to, as its first or as another one."""
        found = self.contacts.get(self._holders.get(email.strip().lower(), ""))
        return None if found is None or found["archived"] else found

    def after(self, contact_id: int) -> Iterator[Row]:
        """Contacts with higher ids, in the order of ids."""
        for place in range(bisect_right(self._ids, contact_id), len(self._ids)):
            yield self.contacts[str(self._ids[place])]

    def indexed(self, contact_id: int, now: datetime, lag: float) -> Iterable[Row]:
        """What search sees of contacts with higher ids, by id.

        Each change comes into its index up to ``lag`` seconds late, and out of order.
        """
        if lag <= 0:
            yield from self.after(contact_id)
            return
        limit = round(now.timestamp() * 1000)
        for number in self._ids[bisect_right(self._ids, contact_id) :]:
            versions = self._versions[str(number)]
            seen = (row for row in reversed(versions) if _indexed_at(row, lag) <= limit)
            yield from (row for row in [next(seen, None)] if row)

    def save(self, row: Row) -> Row:
        """Keep a row that a client wrote."""
        self.journal.add({"row": row})
        self._put(row)
        return row

    def forget(self, contact_id: str, merged_into: str | None = None) -> None:
        """Take a contact away without a trace but, after a merge, the way to the new one."""
        self.journal.add({"forget": contact_id, "merged_into": merged_into})
        self._drop(contact_id, merged_into)

    def stamp_all(self, share: float, at: str) -> None:
        """What a bulk job does: give a share of all contacts one and the same millisecond of change."""
        self.journal.add({"stamp_all": share, "at": at})
        self._stamp_all(share, at)

    def new_id(self) -> str:
        """An id that no contact of the world will ever have."""
        return str(max(_FIRST_OWN, self._ids[-1] + 1 if self._ids else 0))

    def _play(self, entry: dict[str, Any]) -> None:
        if "row" in entry:
            self._put(entry["row"])
        elif "forget" in entry:
            self._drop(entry["forget"], entry["merged_into"])
        else:
            self._stamp_all(entry["stamp_all"], entry["at"])

    def _put(self, row: Row) -> None:
        key = row["id"]
        if key not in self.contacts:
            self._ids.insert(bisect_right(self._ids, int(key)), int(key))
        self._unhold(key)
        self.contacts[key] = row
        self._versions.setdefault(key, []).append(row)
        for address in addresses(row):
            self._holders.setdefault(address, key)

    def _drop(self, key: str, merged_into: str | None) -> None:
        if key in self.contacts:
            self._unhold(key)
            self._ids.remove(int(key))
            del self.contacts[key], self._versions[key]
        if merged_into:
            self.merged |= {old: merged_into for old, new in self.merged.items() if new == key}
            self.merged[key] = merged_into

    def _unhold(self, key: str) -> None:
        for address in addresses(self.contacts.get(key)):
            if self._holders.get(address) == key:
                del self._holders[address]

    def _stamp_all(self, share: float, at: str) -> None:
        for key, row in list(self.contacts.items()):
            if not row["archived"] and fraction("bulk", key) < share:
                self._put(changed(row, {}, at))


def addresses(row: Row | None) -> list[str]:
    """All e-mail addresses of a contact, its first one first."""
    values = row["properties"] if row else {}
    found = [values.get("email"), *(values.get("hs_additional_emails") or "").split(";")]
    return [address for address in found if address]


def _indexed_at(row: Row, lag: float) -> int:
    """The millisecond at which the index shows this version: anything from at once to ``lag`` seconds late."""
    delay = fraction("index", row["id"], row["updatedAt"]) * lag * 1000
    return milliseconds(row["updatedAt"]) + round(delay)
