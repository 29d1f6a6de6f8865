"""What Zendesk holds: rows by id, fed by the world, changed by clients, remembered in a journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.faults import fraction
from sandbox.journal import Journal
from sandbox.model import Appearance, Event
from sandbox.world import World
from sandbox.zendesk_rows import (
    ADMIN_ID,
    AGENT_ID,
    CHANGED,
    Row,
    comment_row,
    organization_row,
    seconds,
    staff_row,
    stamp,
    ticket_row,
    user_row,
)

_BULK_SHARE = 0.12  # of users and tickets, stamped by one nightly job within one second


class ZendeskStore:
    """Users, tickets and organizations by id, comments by ticket; each row knows the second of its last change."""

    def __init__(self, world: World, journal: Journal) -> None:
        self.world = world
        self.journal = journal
        self.bulk_job = seconds(world.now - timedelta(days=3))
        opened = world.now - timedelta(days=4 * 365)
        self.organizations: dict[int, Row] = {}
        self._by_company: dict[str, int] = {}
        for company in world.companies:
            row = organization_row(company, opened + timedelta(seconds=company.number))
            self.organizations[row["id"]] = row
            self._by_company[company.name] = row["id"]
        self.users: dict[int, Row] = {
            AGENT_ID: staff_row(AGENT_ID, "Maria Novak", "maria@brightwell.example", "agent", opened),
            ADMIN_ID: staff_row(ADMIN_ID, "Admin", "admin@brightwell.example", "admin", opened),
        }
        self.tickets: dict[int, Row] = {}
        self.comments: dict[int, list[Row]] = {}
        for person in world.appearances("zendesk"):
            self.take(person)
        for event in world.events("zendesk"):
            self.take(event)
        for entry in journal.entries():
            self._put(entry["kind"], entry["row"], entry.get("ticket"))

    def take(self, news: Appearance | Event) -> None:
        """Add or replace what the world says; a comment moves its ticket's ``updated_at``."""
        if isinstance(news, Appearance):
            row = user_row(news, self._by_company.get(news.company or ""), self._touched(news.key, news.updated_at))
            self.users[row["id"]] = row
        elif news.kind == "ticket":
            requester = self.users.get(int(news.appearance_key), {})
            row = ticket_row(news, requester.get("organization_id"), self._touched(news.key, news.updated_at))
            self.tickets[row["id"]] = row
        elif news.parent:
            author = AGENT_ID if news.direction == "out" else int(news.appearance_key)
            comment = comment_row(int(news.key), author, news.text or "", news.at)
            self.comments.setdefault(int(news.parent), []).append(comment)

    def _touched(self, key: str, updated: datetime) -> int:
        """When the export thinks it changed: for some the nightly job came after the last edit that people see."""
        own = seconds(updated)
        return max(own, self.bulk_job) if fraction("bulk", key) < _BULK_SHARE else own

    def save(self, kind: str, row: Row, at: datetime, ticket: int | None = None) -> Row:
        """Keep a row that a client wrote; users and tickets count as changed at ``at``."""
        if kind != "comment":
            row |= {"updated_at": stamp(at), CHANGED: seconds(at)}
        if kind == "ticket":
            row["generated_timestamp"] = row[CHANGED]
        self.journal.add({"kind": kind, "row": row, **({"ticket": ticket} if ticket else {})})
        self._put(kind, row, ticket)
        return row

    def _put(self, kind: str, row: Row, ticket: int | None) -> None:
        if kind == "comment" and ticket:
            self.comments.setdefault(ticket, []).append(row)
        else:
            {"user": self.users, "ticket": self.tickets}[kind][row["id"]] = row

    def new_id(self, kind: str) -> int:
        """An id that no row of the world will ever have."""
        base = {"user": 390_000_000, "ticket": 50_000_000, "comment": 990_000_000}[kind]
        rows: Any = {"user": self.users, "ticket": self.tickets}.get(kind)
        count = len(rows) if rows is not None else sum(map(len, self.comments.values()))
        return base + count

    def user_by(self, field: str, value: str) -> Row | None:
        """The user with that e-mail or external id, whatever its capitals."""
        wanted = value.strip().lower()
        return next((user for user in self.users.values() if str(user[field] or "").lower() == wanted), None)

    def ticket_events(self) -> list[Row]:
        """Audits, one for each comment: the side stream that carries the conversation."""
        return [
            _audit(ticket, comment, first=place == 0)
            for ticket, comments in self.comments.items()
            for place, comment in enumerate(comments)
        ]


def _audit(ticket: int, comment: Row, first: bool) -> Row:
    at = datetime.fromisoformat(comment["created_at"])
    said = {name: comment[name] for name in ("id", "type", "author_id", "body", "html_body", "public", "audit_id")}
    children: list[Row] = [{**said, "event_type": "Comment", "via": "Mail"}]
    if first:
        children.append({"id": comment["id"] + 700_000_000, "event_type": "Create", "status": "new", "via": "Mail"})
    return {
        "id": comment["audit_id"],
        "ticket_id": ticket,
        "timestamp": seconds(at),
        "created_at": comment["created_at"],
        "updater_id": comment["author_id"],
        "via": "Mail",
        "system": {},
        "metadata": {},
        "event_type": "Audit",
        "child_events": children,
    }
