"""HubSpot's call limits: so many in ten seconds and a day, told in headers; five searches a second, told nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.hubspot_refusals import reached
from sandbox.standin import Settings

_TEN_SECONDS, _SECOND = timedelta(seconds=10), timedelta(seconds=1)
_PRIVATE, _OAUTH, _DAILY, _SEARCHES, _GENEROUS = 190, 110, 625_000, 5, 1000


class Limits:
    """Counts calls: each policy in spans that start with the first call, days at midnight UTC.

    Without real limits each is a thousandfold. The switch ``hubspot.daily_limit`` sets the day's.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._used: dict[str, tuple[datetime, int]] = {}

    def spend(self, oauth: bool, searching: bool, now: datetime) -> dict[str, str]:
        """Count one call; gives the headers of its answer, none for a search. Raises RefusedError (429)."""
        factor = 1 if self.settings.real_limits else _GENEROUS
        burst = (_OAUTH if oauth else _PRIVATE) * factor
        day = self.settings.switches.get("hubspot.daily_limit")
        daily = day if isinstance(day, int) else _DAILY * factor
        left_today = daily - self._count("DAILY", now.replace(hour=0, minute=0, second=0, microsecond=0))
        if left_today < 0:
            raise reached("DAILY")
        if searching:
            if self._count("SECONDLY", now, _SECOND) > _SEARCHES * factor:
                raise reached("SECONDLY")
            return {}
        left = burst - self._count("TEN_SECONDLY_ROLLING", now, _TEN_SECONDS)
        if left < 0:
            raise reached("TEN_SECONDLY_ROLLING")
        headers = {
            "X-HubSpot-RateLimit-Max": str(burst),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        if oauth:
            return headers
        return headers | {
            "X-HubSpot-RateLimit-Daily": str(daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(left_today),
        }

    def _count(self, policy: str, now: datetime, span: timedelta = timedelta(days=1)) -> int:
        """The calls of this policy in its span, this one among them."""
        start, used = self._used.get(policy, (now, 0))
        if now - start >= span:
            start, used = now, 0
        self._used[policy] = (start, used + 1)
        return used + 1
