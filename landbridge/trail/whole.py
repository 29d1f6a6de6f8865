"""The books of the whole: every profile, followed from end to end, whatever the stages between said of themselves."""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.trail.runs import Run


def account_for_all(run: Run) -> None:
    """See that every profile is in a customer, every customer in a lead, and every lead has been judged.

    Books "whole": taken = profiles that are not gone; unchanged = in a lead that may leave; held = in one that is held
    back. A profile that got lost between two stages is in none of them. What other runs mapped while this one lasted
    came after its stages, and is the next run's to account for. Raises BooksUnbalanced.
    """
    with run.books.stage("whole") as entry, run.store.begin() as connection:
        counts = connection.execute(sa.text(_COUNTS), {"run_id": run.run_id}).one()
        entry.taken, entry.unchanged, entry.held = counts


_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE lead.valid AND judged), count(*) FILTER (WHERE NOT lead.valid AND judged)
FROM profile
JOIN run this ON this.run_id = :run_id
JOIN run mapper ON mapper.run_id = profile.run_id AND (mapper.run_id = this.run_id OR mapper.ended_at < this.started_at)
LEFT JOIN link USING (profile_id)
LEFT JOIN identity ON identity.identity_id = link.identity_id AND identity.redirect_to IS NULL
LEFT JOIN golden ON golden.identity_id = identity.identity_id
LEFT JOIN lead ON lead.identity_id = golden.identity_id
LEFT JOIN LATERAL (SELECT lead.checked_digest = lead.digest) AS at(judged) ON true
WHERE NOT profile.gone
"""
