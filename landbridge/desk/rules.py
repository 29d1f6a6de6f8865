"""How people review, as read from mappings/review.yaml; its comments explain every word to those who edit it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from landbridge.leads import checked


class ReviewRules(checked.Rules):
    """mappings/review.yaml: claims, putting off, and where two people must agree."""

    claim_minutes: int = Field(
        default=10, ge=1, le=240, description="How long a question on a screen is one person's alone."
    )
    later_days: int = Field(default=7, ge=1, le=365, description="For how long 'later' puts a question off.")
    second_person_over: float | None = Field(
        default=None, ge=0, description="Open deals above which a verdict waits for another person's; null: never."
    )

    def wants_two(self, deals: float) -> bool:
        """Whether two people must say the same where open deals are worth so much."""
        return self.second_person_over is not None and deals > self.second_person_over


def load_review(path: Path) -> ReviewRules:
    """The rules in a file, checked; a project without one reviews by what the words mean unsaid. Raises RuleInvalid."""
    return checked.load(path, ReviewRules) if path.exists() else ReviewRules()
