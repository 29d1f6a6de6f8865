"""X's rate limits: one bucket per endpoint for the app and one per user, and the headers that tell about them."""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
LIMITS: dict[str, tuple[int, int]] = {  # calls in 15 minutes: as the app, as the user
    "search": (450, 300), "mentions": (450, 300), "timeline": (1500, 900), "users": (300, 900), "posts": (450, 900),
    "me": (75, 75), "create": (100, 100), "delete": (50, 50), "usage": (50, 50),
}  # fmt: skip
_GENEROUS = 1000


class RateLimits:
    """Counts calls in windows that start with the first call. Without ``real`` every limit is a thousandfold."""

    def __init__(self, real: bool) -> None:
        self.real = real
        self._used: dict[tuple[str, str], tuple[datetime, int]] = {}

    def spend(
        self, endpoint: str, context: str, now: datetime, limit: int | None = None
    ) -> tuple[bool, dict[str, str]]:
        """Count one call in ``context`` "app" or "user"; tells whether it is within the limit, and three headers."""
        if limit is None:
            limit = LIMITS[endpoint][context == "user"] * (1 if self.real else _GENEROUS)
        start, used = self._used.get((endpoint, context), (now, 0))
        if now - start >= WINDOW:
            start, used = now, 0
        allowed = used < limit
        used += allowed
        self._used[endpoint, context] = (start, used)
        headers = {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(limit - used),
            "x-rate-limit-reset": str(int((start + WINDOW).timestamp()) + 1),
        }
        return allowed, headers
