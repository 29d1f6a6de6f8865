"""What a lead can say: the fields that the rules in mappings/crm/, mappings/quality/ and mappings/lead.yaml name."""

from __future__ import annotations

COPIED = (
    "full_name",
    "email",
    "phone",
    "company",
    "title",
    "website",
    "street",
    "city",
    "region",
    "postcode",
    "country",
    "language",
    "birth_date",
)
"""As in the golden record."""

NAMES = ("first_name", "last_name")
"""The golden record's given and family name; parts of the full name where a profile has only that."""

OPT_OUTS = ("email_opt_out", "phone_opt_out")
"""True when the person refused in any system, else false."""

LISTS = ("emails", "phones", "handles", "references")
"""Everything that is known, the best first."""

HISTORY = ("systems", "touch_count", "last_touch_at", "last_touch_kind", "last_touch_campaign")
"""systems: accounts with a comma between; last_touch_at: ISO 8601 in UTC."""

JUDGED = ("intent", "score", "reasons", "route")
"""score: 0 to 100; reasons: a sentence a line, the points before it."""

LEAD_FIELDS = (*NAMES, *COPIED, *OPT_OUTS, *LISTS, *HISTORY, *JUDGED)
NUMBERS = ("score", "touch_count")
TRUTHS = OPT_OUTS
