"""What people and programs send with a decision: read strictly, so that a wrong name never means 'everything'."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from landbridge.errors import GateClosed

LONGEST = 500
"""Characters of a reason."""


class Body(BaseModel):
    """What is sent. A name that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Why(Body):
    """A reason."""

    reason: str = Field(max_length=LONGEST, description="Why; it is kept with the decision.")


def said(reason: str, what: str) -> str:
    """A reason that was given. Raises GateClosed where none was: `what` wants one."""
    if not reason.strip():
        raise GateClosed(f"{what} wants a reason: it is kept with the decision.", do="Say why, in a few words.")
    return reason.strip()
