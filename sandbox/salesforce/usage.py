"""How many calls the org has had in this day of 24 hours, as `Sforce-Limit-Info` and `/limits` tell it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org

_DAY = timedelta(hours=24)


class Usage:
    """Counts calls; the count starts again 24 hours after the first."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.calls = 0
        self.jobs = {"DailyBulkV2QueryJobs": 0, "DailyBulkApiBatches": 0}
        self._since: datetime | None = None

    def spend(self) -> None:
        """Count a call; REQUEST_LIMIT_EXCEEDED if the day's are spent."""
        now = self.org.now()
        if self._since is None or now - self._since >= _DAY:
            self._since, self.calls = now, 0
            self.jobs = dict.fromkeys(self.jobs, 0)
        if self.calls >= self._allowed:
            raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", http_status=403)
        self.calls += 1

    def header(self) -> dict[str, str]:
        """The header that every reply carries."""
        return {"Sforce-Limit-Info": f"api-usage={self.calls}/{self._allowed}"}

    def limits(self) -> dict[str, dict[str, int]]:
        """Each limit with what is left of it."""
        jobs = {"DailyBulkV2QueryJobs": 10_000, "DailyBulkApiBatches": 15_000}
        left = {name: _limit(most, most - self.jobs[name]) for name, most in jobs.items()}
        return {
            "DailyApiRequests": _limit(self._allowed, self._allowed - self.calls),
            **left,
            "DailyBulkV2QueryFileStorageMB": _limit(976_562, 976_562),
            "DataStorageMB": _limit(10_240, 10_200),
            "FileStorageMB": _limit(10_240, 10_240),
            "DailyAsyncApexExecutions": _limit(250_000, 250_000),
            "ConcurrentAsyncGetReportInstances": _limit(200, 200),
            "SingleEmail": _limit(5_000, 5_000),
        }

    @property
    def _allowed(self) -> int:
        return self.org.switches.daily_api_requests


def _limit(most: int, left: int) -> dict[str, int]:
    return {"Max": most, "Remaining": max(left, 0)}
