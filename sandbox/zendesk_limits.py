"""Zendesk's call limits: 700 a minute for all, 10 a minute for incremental exports, told in three kinds of headers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.standin import Settings
from sandbox.zendesk_paging import RefusedError

_MINUTE = timedelta(minutes=1)
_ACCOUNT, _INCREMENTAL, _GENEROUS = 700, 10, 1000


class Limits:
    """Counts calls in minutes that start with the first call. Without real limits each is a thousandfold."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._used: dict[str, tuple[datetime, int]] = {}

    def spend(self, incremental: bool, now: datetime) -> dict[str, str]:
        """Count one call; gives the headers of its answer. Raises RefusedError (429) beyond a limit."""
        factor = 1 if self.settings.real_limits else _GENEROUS
        left, resets = self._count("account", _ACCOUNT * factor, now)
        headers = _account_headers(_ACCOUNT * factor, left, resets)
        if incremental:
            wanted = self.settings.switches.get("zendesk.incremental_limit")
            total = wanted if isinstance(wanted, int) else _INCREMENTAL * factor
            left, resets = self._count("incremental", total, now)
            told = f"total={total}; remaining={max(left, 0)}; resets={resets}"
            headers["Zendesk-RateLimit-incremental-exports-cursor"] = told
        if left < 0:
            raise RefusedError(
                429,
                "APIRateLimitExceeded",
                "Number of allowed API requests per minute exceeded",
                {**headers, "Retry-After": str(resets)},
            )
        return headers

    def _count(self, bucket: str, total: int, now: datetime) -> tuple[int, int]:
        """Calls left after this one (negative: too many) and the seconds until the bucket is full again."""
        start, used = self._used.get(bucket, (now, 0))
        if now - start >= _MINUTE:
            start, used = now, 0
        self._used[bucket] = (start, used + 1)
        return total - used - 1, max(1, round((start + _MINUTE - now).total_seconds()))


def _account_headers(total: int, left: int, resets: int) -> dict[str, str]:
    remaining = str(max(left, 0))
    return {
        "X-Rate-Limit": str(total),
        "X-Rate-Limit-Remaining": remaining,
        "ratelimit-limit": str(total),
        "ratelimit-remaining": remaining,
        "ratelimit-reset": str(resets),
    }
