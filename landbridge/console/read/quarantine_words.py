"""What the two answers to something that is held are called: by what is asked, as each does something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

QUESTIONS = {"ERASED": "erase", "MERGED": "merge"}
"""What the push asks people rather than tells them, by its expectation's first word: see landbridge.push.refused."""


def kind_of(stage: str, expectation: str) -> str:
    """What is asked: erase, merge, or what the stage itself asks."""
    return QUESTIONS.get(expectation.partition(" ")[0], stage) if stage == "push" else stage


@dataclass(frozen=True)
class Word:
    """One answer: what opens its form and sends it, what comes of it, and what is said when it was given."""

    label: str
    button: str
    hint: str
    told: str
    tone: str = ""


@dataclass(frozen=True)
class Answers:
    """What can be said to one kind. `yes` is the release, `no` the drop; None where that helps nobody. `alone`: each is
    a question of its own, and never answered by the group."""

    yes: Word | None
    no: Word | None
    alone: bool = False


_DROP = Word("Drop", "Drop it", "Nobody need look at it any more. It does not leave.", "Dropped.", "danger")

ANSWERS: Mapping[str, Answers] = {
    "land": Answers(None, _DROP),
    "map": Answers(None, _DROP),
    "identity": Answers(None, None),
    "validate": Answers(
        Word(
            "Release",
            "Let this value go",
            "It may leave with this value; another value is judged anew.",
            "Released. It goes with the next publish.",
        ),
        _DROP,
    ),
    "push": Answers(
        Word(
            "Try it again",
            "The CRM was mended",
            "The next plan sends it again, as it is.",
            "The next plan sends it again.",
        ),
        _DROP,
    ),
    "erase": Answers(
        Word(
            "Yes, delete it",
            "Delete the CRM's record",
            "The next plan deletes this record in the CRM. A plan that deletes waits for a named person's approval.",
            "It is deleted by the next plan, once that is approved.",
            "danger",
        ),
        Word(
            "No, keep it",
            "Keep the CRM's record",
            "The record stays in the CRM with all that it says of the person, and this is not asked again.",
            "The record stays in the CRM.",
        ),
        alone=True,
    ),
    "merge": Answers(
        Word(
            "Yes, make them one",
            "Make them one in the CRM",
            "The next plan makes one of them the master and marks the other one, or deletes it, as the policy says.",
            "They are made one by the next plan.",
            "danger",
        ),
        Word(
            "No, keep both",
            "Keep both records",
            "Both records stay in the CRM as they are, and this is not asked again.",
            "Both records stay.",
        ),
        alone=True,
    ),
}
