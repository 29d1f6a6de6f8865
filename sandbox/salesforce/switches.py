"""What can be turned while the stand-in runs, by name, through the sandbox's control: POST /switch.

A name may stand alone or, where other stand-ins have switches too, behind `salesforce.`; null turns it back.
"""

from dataclasses import dataclass, fields

from sandbox.standin import Settings


@dataclass(frozen=True)
class Switches:
    """The oddities of this org. All are off or generous until someone turns them.

    daily_api_requests: calls in 24 hours until REQUEST_LIMIT_EXCEEDED. A real Enterprise org has 100,000.
    session_minutes: how long an access token lives. locator_minutes: how long a query's next pages do (two days).
    lock_rate: share of row writes that answer UNABLE_TO_LOCK_ROW; which ones follows from lock_seed, row and attempt.
    duplicate_rule: "off"; "alert" (a header may save all the same) or "block". It matches leads and contacts by e-mail.
    jwt_public_key: PEM of the key that JWT logins must be signed with; without it any key will do.
    bin_days: how long deleted rows lie in the bin; 0 empties it, None never. The delete log knows of them for 15 days.
    bulk_chunk: rows a chunk. bulk_chunks_before_failure: after so many chunks the job is Failed, the rest unprocessed.
    bulk_seconds_per_chunk: how long a chunk takes, so that a client sees InProgress; 0 is as fast as it goes.
    """

    daily_api_requests: int = 100_000
    session_minutes: float = 120
    locator_minutes: float = 2880
    lock_rate: float = 0.0
    lock_seed: int = 0
    duplicate_rule: str = "off"
    jwt_public_key: str | None = None
    bin_days: float | None = None
    bulk_chunk: int = 10_000
    bulk_chunks_before_failure: int | None = None
    bulk_seconds_per_chunk: float = 0.0


_NAMES = frozenset(switch.name for switch in fields(Switches))
_GENEROUS = {"daily_api_requests": 10_000_000}


def switches_of(settings: Settings) -> Switches:
    """The switches as they stand now; names that belong to other stand-ins are passed over."""
    turned = {name.removeprefix("salesforce."): value for name, value in settings.switches.items()}
    mine = {name: value for name, value in turned.items() if name in _NAMES and value is not None}
    start = {} if settings.real_limits else _GENEROUS
    return Switches(**{**start, **mine})  # type: ignore[arg-type]  # values come from JSON; a wrong type fails in use
