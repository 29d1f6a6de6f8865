"""Deciding on the command line: review, same, different, withdraw, show, feed; on a real store, end to end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cli.conftest import Ended, Project

EXPORT = """id,full name,email,phone,birth date,city,company
1,Eve Marlowe,sunflower77@posteo.example,,1980-04-03,Leeds,
2,Eve Marlowe,moonflower88@brightwell.example,,1980-04-03,Leeds,
3,,sunflower77@posteo.example,+44 20 7946 0018,,,
4,,sunflower77@posteo.example,,,,
5,,moonflower88@brightwell.example,,,,[link=http://evil.example]x[/link]
6,,moonflower88@brightwell.example,,,,
7,Ben Stone,ben@stone.example,,,York,Acme
8,Ben Stone,,,,York,
"""
PROFILE = "exports/rows/people.csv:{}"


@pytest.fixture
def resolved(files: Project) -> Project:
    """Two halves held together by one link, and two who are perhaps the same."""
    files.write("exports/people.csv", EXPORT)
    assert files.landbridge("sync").code == 0
    assert files.landbridge("resolve").code == 0
    return files


def quiet(ended: Ended) -> Any:
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.json


def ids(number: int) -> str:
    return PROFILE.format(number)


def test_a_question_is_asked_answered_and_taken_back(resolved: Project) -> None:
    asked = quiet(resolved.landbridge("identity", "review", "--json"))
    assert asked["holding"] == 1
    first = asked["pairs"][0]
    assert (first["holds"], first["moves"]) == (True, 3)
    assert {first["left"]["profile_id"], first["right"]["profile_id"]} == {ids(1), ids(2)}
    told = resolved.landbridge("identity", "review").out
    assert "1. one thin link alone holds 3 of the records to the others" in told
    assert "holds a lead back" in told
    assert "same birth date: 1980-04-03" in told

    words = ("identity", "different", ids(1), ids(2), "--reason", "two sisters", "--as", "ada")
    made = quiet(resolved.landbridge(*words, "--json"))
    assert (made["verdict"], made["actor"], made["applied"]) == ("different", "ada", False)
    assert quiet(resolved.landbridge("resolve", "--json"))["balance"][0]["closes"]
    pairs = quiet(resolved.landbridge("identity", "review", "--json"))["pairs"]
    assert ids(1) not in str(pairs)

    error = resolved.refuses("identity", "same", ids(1), ids(2), "--reason", "no", code=3)
    assert "ada decided on" in error
    story = quiet(resolved.landbridge("identity", "show", ids(1), "--json"))
    assert [member["profile_id"] for member in story["members"]] == [ids(1), ids(3), ids(4)]
    assert [event["kind"] for event in story["history"]] == ["created", "split"]

    told = resolved.landbridge(
        "identity", "withdraw", ids(2), ids(1), "--reason", "one and the same", "--as", "bob"
    ).out
    assert "are no longer decided: bob" in told
    resolved.landbridge("resolve")
    story = quiet(resolved.landbridge("identity", "show", ids(1), "--json"))
    assert len(story["members"]) == 6
    assert len(story["formerly"]) == 1
    assert [one["reason"] for one in story["decisions"]] == ["two sisters"]
    former = quiet(resolved.landbridge("identity", "show", story["formerly"][0], "--json"))
    assert former["identity_id"] == story["identity_id"]

    events = quiet(resolved.landbridge("identity", "feed", "--json"))
    kinds = [event["kind"] for event in events["events"]]
    assert kinds.count("split") == kinds.count("merged") == kinds.count("redirected") == 1
    later = quiet(resolved.landbridge("identity", "feed", "--after", str(events["after"]), "--json"))
    assert later == {"after": events["after"], "events": []}
    assert "redirected" in resolved.landbridge("identity", "feed").out
    first = resolved.landbridge("identity", "feed", "--limit", "2").out
    assert "what came later: --after 2 " in first
    assert "what came later" not in resolved.landbridge("identity", "feed").out
    assert quiet(resolved.landbridge("audit", "verify", "--json"))["intact"]


def test_a_customer_for_people(resolved: Project) -> None:
    told = resolved.landbridge("identity", "show", ids(1)).out
    assert re.search(r"Customer [0-9a-f-]{36}: 6 records", told)
    assert re.search(r"\+[0-9.]+ █+ +same e-mail, used under no other name: sunflower77@posteo.example", told)
    assert re.search(r"-[0-9.]+ ░+ +before looking: how seldom any two records are one person", told)
    half = rf"{ids(1)}, {ids(3)}, {ids(4)}|{ids(2)}, {ids(5)}, {ids(6)}".replace(" ", r"\s+")
    assert re.search(rf"Without this tie ({half})\s+would\s+fall\s+out\.", told)
    assert "In doubt: one thin link alone holds 3 of the records to the others" in told
    assert "[link=http://evil.example]x[/link]" in told, "markup is shown as it stands"


def test_the_steps_add_up(resolved: Project) -> None:
    story = quiet(resolved.landbridge("identity", "show", ids(1), "--json"))
    assert len(story["ties"]) == 5
    for tie in story["ties"]:
        assert sum(step["bits"] for step in tie["steps"]) == pytest.approx(tie["weight"], abs=0.3)


def test_who_is_alone_and_who_is_nobody(resolved: Project) -> None:
    assert "Nothing is known as 'zendesk/users/9'" in resolved.refuses("identity", "show", "zendesk/users/9", code=66)
    refused = resolved.refuses("identity", "same", ids(1), "zendesk/users/9", "--reason", "r", code=66)
    assert "There is no profile 'zendesk/users/9'" in refused
    assert "these are one" in resolved.refuses("identity", "same", ids(1), ids(1), "--reason", "r", code=66)
    assert "Nothing stands about" in resolved.refuses("identity", "withdraw", ids(1), ids(2), "--reason", "r", code=66)
    assert resolved.landbridge("identity", "same", ids(1), ids(2)).code == 2, "a reason is asked for"
    assert resolved.landbridge("identity", "same", ids(1), ids(2), "--reason", "r", "--as", "a\nb").code == 2


def test_nothing_to_review_yet(files: Project) -> None:
    assert "Nothing waits for an answer" in files.landbridge("identity", "review").out
    assert quiet(files.landbridge("identity", "review", "--json")) == {"questions": 0, "holding": 0, "pairs": []}
    assert "Nothing since event 0" in files.landbridge("identity", "feed").out


def test_a_word_that_others_contradict_is_not_taken(resolved: Project) -> None:
    assert resolved.landbridge("identity", "same", ids(1), ids(7), "--reason", "met").code == 0
    assert resolved.landbridge("identity", "same", ids(7), ids(4), "--reason", "met").code == 0
    refused = resolved.landbridge("identity", "different", ids(1), ids(4), "--reason", "met")
    assert refused.code not in (0, 1)
    assert "are one person, and with what else stands these two are one as well" in " ".join(refused.err.split())
    assert "landbridge identity withdraw" in refused.err
