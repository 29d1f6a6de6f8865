"""The part of X's search language that people use: words, "phrases", @names, #tags, from:, lang:, is:, -, OR, ( )."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Post = dict[str, Any]
Test = Callable[[Post], bool]

_TOKEN = re.compile(r'\s*(-?"[^"]*"|\(|\)|-\(|[^\s()]+)')
_WORD = re.compile(r"[@#$]?\w+")


class QueryInvalidError(ValueError):
    """The query cannot be parsed; the message says where."""


def parse(query: str, usernames: Callable[[str], str | None]) -> Test:
    """A test that tells whether a post answers the query. ``usernames`` gives the author id of a name, or None."""
    tokens = _TOKEN.findall(query)
    test, rest = _either(tokens, usernames)
    if rest:
        raise QueryInvalidError(f"unexpected {rest[0]!r}")
    return test


def _either(tokens: list[str], usernames: Callable[[str], str | None]) -> tuple[Test, list[str]]:
    tests = []
    while True:
        test, tokens = _all(tokens, usernames)
        tests.append(test)
        if not tokens or tokens[0] != "OR":
            return (lambda post: any(t(post) for t in tests)), tokens
        tokens = tokens[1:]


def _all(tokens: list[str], usernames: Callable[[str], str | None]) -> tuple[Test, list[str]]:
    tests: list[Test] = []
    while tokens and tokens[0] not in (")", "OR"):
        token, tokens = tokens[0], tokens[1:]
        if token in ("(", "-("):
            inner, tokens = _either(tokens, usernames)
            if not tokens:
                raise QueryInvalidError("missing ')'")
            tokens = tokens[1:]
            tests.append(_negated(inner) if token == "-(" else inner)
        elif token.startswith("-") and len(token) > 1:
            tests.append(_negated(_term(token[1:], usernames)))
        else:
            tests.append(_term(token, usernames))
    if not tests:
        raise QueryInvalidError("an empty clause")
    return (lambda post: all(t(post) for t in tests)), tokens


def _negated(test: Test) -> Test:
    return lambda post: not test(post)


def _term(token: str, usernames: Callable[[str], str | None]) -> Test:
    operator, colon, value = token.partition(":")
    if colon and operator in ("from", "to", "lang", "is", "has"):
        return _operator(operator, value, usernames)
    if token.startswith('"'):
        phrase = token.strip('"').lower()
        return lambda post: phrase in post["text"].lower()
    words = _WORD.findall(token.lower())
    if not words:
        raise QueryInvalidError(f"cannot search for {token!r}")
    return lambda post: set(words) <= set(_words(post["text"]))


def _words(text: str) -> list[str]:
    """The words of a text; a tagged or addressed word counts with its sign and without."""
    found = _WORD.findall(text.lower())
    return found + [word[1:] for word in found if word[0] in "@#$"]


def _operator(operator: str, value: str, usernames: Callable[[str], str | None]) -> Test:
    if operator in ("from", "to"):
        author = value if value.isdigit() else usernames(value.lstrip("@"))
        field = "author_id" if operator == "from" else "in_reply_to_user_id"
        return lambda post: author is not None and post.get(field) == author
    if operator == "lang":
        return lambda post: post["lang"] == value
    if operator == "is":
        return lambda post: value == "reply" and "in_reply_to_user_id" in post
    sign = {"mentions": "@", "hashtags": "#", "cashtags": "$", "links": "http"}.get(value)
    return lambda post: sign is not None and sign in post["text"]
