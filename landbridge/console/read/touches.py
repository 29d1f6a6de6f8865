"""What happened between customers and us, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa


@dataclass(frozen=True)
class Touch:
    """A touchpoint. `text` is its beginning: text from outside, shown as text."""

    touchpoint_id: str
    identity_id: str
    person: str
    account: str
    kind: str
    at: datetime | None
    channel: str | None
    direction: str | None
    subject: str | None
    text: str | None
    url: str | None
    campaign: str | None

    @property
    def link(self) -> str | None:
        """Where it can be read, if that is a web address."""
        return self.url if self.url and self.url.startswith(("https://", "http://")) else None


def touches(connection: sa.Connection, identities: Collection[str], *, limit: int, offset: int = 0) -> list[Touch]:
    """Those of all profiles of these customers; those without a time come last."""
    asked = {"ids": list(identities), "limit": limit, "offset": offset}
    return [Touch(*row) for row in connection.execute(_TOUCHES, asked)]


_TOUCHES = sa.text("""
SELECT touchpoint_id, identity_id, person, account, kind, at, channel, direction, left(subject, 300), left(text, 600),
    left(url, 1000), left(campaign, 200)
FROM (
    SELECT t.*, l.identity_id FROM link l JOIN touchpoint t ON t.person = l.profile_id
    WHERE l.identity_id = ANY(:ids)
    ORDER BY t.at DESC NULLS LAST, t.touchpoint_id DESC LIMIT :limit OFFSET :offset) newest
ORDER BY at DESC NULLS LAST, touchpoint_id DESC
""")
