"""What somebody held, dropped or had forgotten while it was under way does not leave a second time.

Nobody can take out what is being sent. Where it turns out not to have been written (the job was never begun, the CRM
left the row out, or said not now) it would wait again as if nothing had been said meanwhile. So this is asked of each
change by the very statement that marks it as sent, and what it finds is taken out before the next round
(landbridge.push.fresh). Whether a plan was dropped is asked where it is asked whether it is approved.
"""

from __future__ import annotations

from landbridge.push.known import FORGOTTEN_NAMES

STANDING = "h.kind = 'person' AND h.released_at IS NULL"

# One that was placed before the plan was made was heeded in making it.
ABOUT = """(h.object IS NULL OR h.object = {change}.object) AND (h.field IS NULL OR {change}.after ? h.field)
    AND h.at >= (SELECT p.at FROM plan p WHERE p.plan_id = {change}.plan_id)"""
"""What a hold is about, beside whom: `h` is the hold."""

ERASES = "({change}.origin ? 'erased' OR jsonb_path_exists({change}.origin, '$.*.erased'))"
"""The change is what becomes of somebody who is to be forgotten."""

_ANY = f"EXISTS (SELECT FROM hold h WHERE {STANDING} AND h.at >= (SELECT min(at) FROM plan WHERE state = 'approved'))"


def withdrawn(change: str) -> str:
    """SQL for whether somebody held the change, or wants its customer forgotten, while it was under way.

    Where nobody held anything since the plans under way were made, no change is asked for it.
    """
    about = ABOUT.format(change=change)
    by_person = f"SELECT FROM hold h WHERE {STANDING} AND h.account = {change}.account AND {about}"
    return f"""(
        CASE WHEN (SELECT {_ANY}) THEN
            EXISTS ({by_person} AND h.identity_id = {change}.identity_id)
            OR EXISTS ({by_person} AND h.identity_id IS NULL)
        ELSE false END
        OR {change}.identity_id IN ({FORGOTTEN_NAMES}) AND NOT {ERASES.format(change=change)})"""
