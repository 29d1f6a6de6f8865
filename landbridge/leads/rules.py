"""What sales ops decide about leads, as read from mappings/golden.yaml and mappings/lead.yaml.

The comments in those two files explain every word to the people who edit them; here stands what is accepted.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from landbridge.leads import checked
from landbridge.leads.checked import Words
from landbridge.leads.fields import LEAD_FIELDS
from landbridge.store.profiles import MANY, PERSON_FIELDS

Preference = Literal[
    "well_formed",
    "personal",
    "most_trusted",
    "newest",
    "oldest",
    "longest",
    "most_complete",
    "most_frequent",
]

CHOSEN = tuple(field for field in PERSON_FIELDS if field != "consent")
"""The fields that rules choose. Consent is not chosen: a refusal anywhere holds."""


class Choice(Words):
    """How one field, or several that belong together, are chosen."""

    together: tuple[str, ...] = ()
    by: tuple[Preference, ...] = Field(min_length=1)


class GoldenRules(checked.Rules):
    """mappings/golden.yaml: which value survives when several profiles know one person."""

    trust: tuple[str, ...] = Field(min_length=1, description="Accounts, the most trusted first.")
    role_addresses: frozenset[str] = Field(description="What stands before the @ of an address that many read.")
    placeholders: frozenset[str] = Field(
        default=frozenset(), description="Texts that stand where nothing is known, in lower case."
    )
    countries: dict[str, Annotated[str, Field(pattern="^[A-Z]{2}$")]] = Field(description="A name: its ISO code.")
    survive: dict[str, Choice]

    @model_validator(mode="after")
    def _every_field_once(self) -> Self:
        named = [field for name in self.survive for field in self.fields(name)]
        if unknown := sorted(set(named) - set(CHOSEN)):
            raise ValueError(f"there is no person field '{unknown[0]}'; there are {', '.join(CHOSEN)}")
        if twice := sorted(field for field in set(named) if named.count(field) > 1):
            raise ValueError(f"'{twice[0]}' is chosen twice")
        if missing := [field for field in CHOSEN if field not in named]:
            raise ValueError(f"nothing says how '{missing[0]}' is chosen")
        if apart := [name for name in self.survive if len(self.fields(name)) > 1 and set(self.fields(name)) & {*MANY}]:
            raise ValueError(f"'{apart[0]}' keeps together a field that has many values; choose it by itself")
        return self

    def fields(self, name: str) -> tuple[str, ...]:
        """The person fields that stand under a name in `survive`."""
        return self.survive[name].together or (name,)


def _regular(pattern: str) -> str:
    import duckdb

    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error:
        raise ValueError(f"'{pattern}' is no regular expression that can be used here (RE2)") from None
    return pattern


def _sentence(text: str) -> str:
    if unknown := set(re.findall(r"{(.*?)}", text)) - {"count", "latest"}:
        raise ValueError(f"'{{{min(unknown)}}}' is not known in a reason; there are {{count}} and {{latest}}")
    return text


def _lead_field(name: str) -> str:
    if name not in LEAD_FIELDS:
        raise ValueError(f"a lead has no field '{name}'; it has {', '.join(LEAD_FIELDS)}")
    return name


Pattern = Annotated[str, AfterValidator(_regular)]
LeadField = Annotated[str, AfterValidator(_lead_field)]
Days = Annotated[int, Field(ge=0, le=36_500)]


class Spoken(Words):
    """What a text must say: any of the words (whole words, in any case), or a regular expression."""

    words: tuple[str, ...] = ()
    regex: Pattern | None = None

    @field_validator("words")
    @classmethod
    def _no_empty_word(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("a word is empty; it would be found everywhere")
        return words

    @property
    def pattern(self) -> str | None:
        """Both as one RE2 pattern, which takes time linear in the text whatever the text is; None for no demand."""
        found = [f"(?:^|[^\\pL\\pN])(?:{'|'.join(map(re.escape, self.words))})(?:$|[^\\pL\\pN])"] if self.words else []
        found += [f"(?:{self.regex})"] if self.regex else []
        return "|".join(found) or None


class Touched(Spoken):
    """Touchpoints that a rule looks for."""

    kind: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    within_days: Days | None = None
    at_least: int = Field(1, ge=1)


class FieldTest(Spoken):
    """What a lead's field must be."""

    one_of: tuple[str, ...] = Field((), alias="is")
    present: bool | None = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.pattern is None and not self.one_of and self.present is None:
            raise ValueError("a field is asked for one of: is, words, regex, present")
        return self


class When(Words):
    """When a rule holds: all that it names must be so."""

    touchpoints: Touched | None = None
    fields: dict[LeadField, FieldTest] = Field(default_factory=dict)
    intent: tuple[str, ...] = ()
    systems_at_least: int | None = Field(None, ge=1)


class ScoreRule(Words):
    """Points, and the sentence that tells a salesperson what they are for."""

    points: int = Field(ge=-100, le=100)
    reason: Annotated[str, AfterValidator(_sentence)]
    when: When


class IntentRule(Spoken):
    """What a person seems to want, told from their words."""

    intent: str

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.pattern is None:
            raise ValueError("an intent needs words or a regex")
        return self


class Intent(Words):
    """How intent is told: by the newest touchpoint that speaks of any, and there by the first rule that holds."""

    within_days: Days
    rules: tuple[IntentRule, ...]
    otherwise: str


class RouteRule(Words):
    """Which queue a lead goes to."""

    queue: str
    when: When


class Route(Words):
    """How leads are routed: the first rule that holds."""

    rules: tuple[RouteRule, ...]
    otherwise: str


class LeadRules(checked.Rules):
    """mappings/lead.yaml: how a golden record becomes a lead."""

    score: tuple[ScoreRule, ...]
    intent: Intent
    route: Route

    @model_validator(mode="after")
    def _known_intents(self) -> Self:
        known = {rule.intent for rule in self.intent.rules} | {self.intent.otherwise}
        asked = [intent for when in self._whens for intent in when.intent]
        if unknown := [intent for intent in asked if intent not in known]:
            raise ValueError(f"no rule gives the intent '{unknown[0]}'; there are {', '.join(sorted(known))}")
        return self

    @property
    def _whens(self) -> list[When]:
        return [*(rule.when for rule in self.score), *(rule.when for rule in self.route.rules)]

    @property
    def bands(self) -> list[int]:
        """The ages in days, ascending, at which a touchpoint comes to mean something else to some rule."""
        rules = [when.touchpoints for when in self._whens]
        limits = {touched.within_days for touched in rules if touched and touched.within_days is not None}
        return sorted(limit + 1 for limit in limits | {self.intent.within_days})


def load_golden(path: Path) -> GoldenRules:
    """mappings/golden.yaml, checked. Raises RuleInvalid."""
    return checked.load(path, GoldenRules)


def load_lead(path: Path) -> LeadRules:
    """mappings/lead.yaml, checked. Raises RuleInvalid."""
    return checked.load(path, LeadRules)
