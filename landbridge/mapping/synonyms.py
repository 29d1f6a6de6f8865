"""What people call our fields: mappings/columns.yaml, read once and asked often."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from landbridge.mapping.nodes import Document, Problem
from landbridge.store.profiles import PERSON_FIELDS

KEY, CREATED, UPDATED = "key", "created_at", "updated_at"
NETWORK = re.compile(r"handle:([a-z0-9_.-]+)")

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Synonyms:
    """`names`: squeezed column name -> our field ("email", "handle:x", "key"). `prefixes`: words that may go before."""

    names: dict[str, str] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset()

    def field_of(self, column: str) -> str | None:
        """Our field for a column name: as it stands, without a number, or without words like "primary" or "work"."""
        words = split_words(column)
        while words:
            if found := self.names.get("".join(words)):
                return found
            if len(words) > 1 and (words[-1].isdigit() or words[-1] in self.prefixes):
                words = words[:-1]
            elif len(words) > 1 and words[0] in self.prefixes:
                words = words[1:]
            else:
                return self.names.get("".join(words).rstrip("0123456789"))
        return None

    def content(self) -> str:
        """A digest of all that is in here, for the content hash of mappings that depend on it."""
        canonical = json.dumps([self.names, sorted(self.prefixes)], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


def split_words(column: str) -> list[str]:
    """A column name's words: no accents, case, punctuation; "E-Mail_Addr" and "eMailAddr" become e, mail, addr."""
    decomposed = unicodedata.normalize("NFKD", _CAMEL.sub(" ", column))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return "".join(c if c.isalnum() else " " for c in bare).split()


def parse_synonyms(document: Document) -> tuple[Synonyms, list[Problem]]:
    """The synonyms of a document, and all that is wrong with it."""
    if not isinstance(document.content, dict):
        return Synonyms(), document.problems or [Problem(1, "needs 'our field: [their names]' lines")]
    names: dict[str, str] = {}
    problems = [*document.problems]
    for ours, theirs in document.content.items():
        if not isinstance(theirs, list) or not all(isinstance(each, str) for each in theirs):
            problems.append(Problem(document.line((ours,)), f"'{ours}' needs a list of names"))
        elif ours != "prefixes":
            problems += _add(names, ours, theirs, document)
    prefixes = frozenset(word for text in document.content.get("prefixes", []) for word in split_words(str(text)))
    return Synonyms(names, prefixes), problems


def _add(names: dict[str, str], ours: str, theirs: list[str], document: Document) -> Iterator[Problem]:
    if ours not in {*PERSON_FIELDS, KEY, CREATED, UPDATED} and not NETWORK.fullmatch(ours):
        yield Problem(document.line((ours,)), f"'{ours}' is no field of ours", "See docs/mappings.md for the fields.")
    if ":" not in ours:
        names["".join(split_words(ours))] = ours
    for number, name in enumerate(theirs):
        squeezed = "".join(split_words(name))
        if names.setdefault(squeezed, ours) != ours:
            line = document.line((ours, number))
            yield Problem(line, f"'{name}' already stands for {names[squeezed]}", "Keep it in one place.")
