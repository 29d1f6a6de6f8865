"""What a change was planned for must hold still when it leaves: only what passed leaves, and no is no.

A plan may wait for days, and its push may take hours. So this is asked of all that waits before each round, and of each
change once more by the very statement that marks it as sent.
"""

from __future__ import annotations


def outdated(change: str, *, few: bool = False) -> str:
    """SQL for whether the lead behind a change was changed, held back or became another customer since it was planned.

    A revert takes back what was, whatever became of the lead; and a change that no lead stands behind, such as one that
    erases, has an empty `lead_digest`. Both are theirs to supersede who planned them.

    `few`: for a statement that looks at some of a million changes. Counted, and not asked for by EXISTS, the leads are
    found one by one: the planner must not read all of them for each file.
    """
    still = f"""FROM lead l JOIN identity i USING (identity_id)
    WHERE l.identity_id = {change}.identity_id AND l.valid AND l.digest = {change}.lead_digest
      AND l.checked_digest = l.digest AND i.redirect_to IS NULL"""
    lapsed = f"0 = (SELECT count(*) {still})" if few else f"NOT EXISTS (SELECT {still})"
    reverts = f"EXISTS (SELECT FROM plan p WHERE p.plan_id = {change}.plan_id AND p.kind = 'revert')"
    return f"({change}.lead_digest <> '' AND NOT {reverts} AND {lapsed})"
