"""No two words of people contradict each other: what several say together binds as what one says.

Of three who are to be one, of whom two are to be kept apart, resolving could only obey some; so the word that would
make it so is not taken, and whoever says it hears which word stands.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.errors import DecisionStands


def see_that_it_fits(connection: sa.Connection, left: str, right: str, verdict: str) -> None:
    """Nobody else decides until the transaction ends. Raises DecisionStands where 'different' would part whom standing
    words make one, one after the other, or 'same' join two of whom it stands that they are different."""
    connection.execute(_ONE_BY_ONE)
    found = connection.execute(_AGAINST[verdict], {"left": left, "right": right}).first()
    if found is None:
        return
    told = f"{found.actor} decided on {found.at:%Y-%m-%d} that {found.left_id} and {found.right_id} are"
    raise DecisionStands(
        f"{told} one person, and with what else stands these two are one as well."
        if verdict == "different"
        else f"{told} two people, and this would make them one.",
        do=f"Withdraw that first, if it is wrong: `landbridge identity withdraw {found.left_id} {found.right_id} "
        "--reason …`.",
    )


_ONE_BY_ONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('decision', 0))")

_ONE = """
{name}(profile_id) AS (
    SELECT CAST(:{side} AS text)
    UNION
    SELECT next.profile_id FROM {name} one CROSS JOIN LATERAL (
        SELECT right_id FROM decision
        WHERE left_id = one.profile_id AND verdict = 'same' AND withdrawn_at IS NULL
        UNION ALL
        SELECT left_id FROM decision
        WHERE right_id = one.profile_id AND verdict = 'same' AND withdrawn_at IS NULL) AS next(profile_id))
"""
"""All whom standing words make one with a profile."""

_LEFT, _RIGHT = _ONE.format(name="ours", side="left"), _ONE.format(name="theirs", side="right")
_TOLD = "d.actor, d.at, d.left_id, d.right_id FROM decision d"

_AGAINST = {
    "different": sa.text(f"""
WITH RECURSIVE {_LEFT}
SELECT {_TOLD} JOIN ours a ON a.profile_id = d.left_id JOIN ours b ON b.profile_id = d.right_id
WHERE d.verdict = 'same' AND d.withdrawn_at IS NULL AND :right IN (SELECT profile_id FROM ours)
ORDER BY d.decision_id DESC LIMIT 1"""),
    "same": sa.text(f"""
WITH RECURSIVE {_LEFT}, {_RIGHT}
SELECT {_TOLD} JOIN ours a ON a.profile_id IN (d.left_id, d.right_id)
    JOIN theirs b ON b.profile_id IN (d.left_id, d.right_id) AND b.profile_id <> a.profile_id
WHERE d.verdict = 'different' AND d.withdrawn_at IS NULL
ORDER BY d.decision_id DESC LIMIT 1"""),
}
