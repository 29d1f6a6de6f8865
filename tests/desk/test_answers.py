"""Reviewers: nobody is asked what another is asked; answers, second persons, later, undo."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge.config import HOUSE
from landbridge.desk import answers, claims
from landbridge.desk.rules import ReviewRules, load_review
from landbridge.errors import DecisionStands, NotFound, RuleInvalid, TakenAlready
from landbridge.identity import decisions
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.desk.conftest import Ask, number, pair, rows

RULES = ReviewRules()
TWO = ReviewRules(second_person_over=0)


def numbers(questions: list[claims.Question]) -> list[int]:
    return [number(question) for question in questions]


def test_answering_moves_the_queue_on_and_decides(store: Store, ask: Ask) -> None:
    ask(1, 2, 3)
    assert numbers(claims.claim_next(store, RULES, "ada", 2)) == [3, 2]
    act = answers.answer(store, RULES, "ada", pair(3), "same", "her maiden name")
    assert (act.act, act.waits, act.actor) == ("same", False, "ada")
    assert numbers(claims.claim_next(store, RULES, "ada", 2)) == [2, 1]
    (decision,) = decisions.about(store, [pair(3)[0]])
    assert (decision.verdict, decision.actor, decision.reason, decision.applied) == (
        "same",
        "ada",
        "her maiden name",
        False,
    )
    assert answers.answered_today(store, "ada") == 1


def test_undo_brings_it_back_at_once(store: Store, ask: Ask) -> None:
    ask(1, 2)
    answers.answer(store, RULES, "ada", pair(2), "different", "")
    answers.put_off(store, RULES, "ada", pair(1), "on holiday")
    assert claims.claim_next(store, RULES, "ada", 5) == []
    assert answers.undo(store, RULES, "ada").act == "later"
    assert answers.undo(store, RULES, "ada").act == "different"
    assert numbers(claims.claim_next(store, RULES, "ada", 5)) == [2, 1]
    assert rows(store, "SELECT withdrawn_by FROM decision") == [("ada",)]
    with pytest.raises(NotFound):
        answers.undo(store, RULES, "ada")
    kinds = [event.kind for event in audit.newest(store, 20)]
    assert kinds.count("review.undone") == 2
    assert audit.verify(store).intact


def test_nobody_takes_back_another_s_act(store: Store, ask: Ask) -> None:
    ask(1)
    act = answers.answer(store, RULES, "ada", pair(1), "same", "")
    with pytest.raises(NotFound):
        answers.undo(store, RULES, "bob", act.act_id)
    assert decisions.about(store, [pair(1)[0]])[0].withdrawn_at is None


def test_what_another_has_on_the_screen_cannot_be_answered(store: Store, ask: Ask) -> None:
    ask(1)
    claims.claim(store, RULES, "ada", pair(1))
    for attempt in (
        lambda: claims.claim(store, RULES, "bob", pair(1)),
        lambda: answers.answer(store, RULES, "bob", pair(1), "same", ""),
        lambda: answers.put_off(store, RULES, "bob", pair(1), ""),
    ):
        with pytest.raises(TakenAlready, match="ada has this question"):
            attempt()
    rows(store, "UPDATE question SET claimed_until = now() - interval '1 second' RETURNING 1")
    assert numbers(claims.claim_next(store, RULES, "bob")) == [1], "the clock freed it"


def test_whoever_goes_on_gives_back_what_they_had(store: Store, ask: Ask) -> None:
    ask(1, 2, 3)
    claims.claim_next(store, RULES, "ada", 2)
    claims.claim(store, RULES, "ada", pair(1))
    assert numbers(claims.claim_next(store, RULES, "ada", 1)) == [3]
    assert numbers(claims.claim_next(store, RULES, "bob", 5)) == [2, 1]


def test_later_comes_back(store: Store, ask: Ask) -> None:
    ask(1)
    answers.put_off(store, RULES, "ada", pair(1), "")
    assert claims.claim_next(store, RULES, "bob") == []
    rows(store, "UPDATE question SET until = now() RETURNING 1")
    assert numbers(claims.claim_next(store, RULES, "bob")) == [1]


def rich(store: Store) -> None:
    rows(store, "UPDATE question SET deals = 1000 RETURNING 1")


def test_where_much_is_at_stake_two_must_say_the_same(store: Store, ask: Ask) -> None:
    ask(1)
    rich(store)
    act = answers.answer(store, TWO, "ada", pair(1), "same", "same birthday")
    assert act.waits
    assert decisions.about(store, [pair(1)[0]]) == []
    assert claims.claim_next(store, TWO, "ada") == [], "it is another's to say"
    with pytest.raises(TakenAlready, match="You said 'same' already"):
        answers.answer(store, TWO, "ada", pair(1), "same", "")
    (asked,) = claims.claim_next(store, TWO, "bob")
    assert (asked.first_by, asked.first_verdict) == ("ada", "same")
    assert not answers.answer(store, TWO, "bob", pair(1), "same", "").waits
    (decision,) = decisions.about(store, [pair(1)[0]])
    assert (decision.actor, decision.reason) == ("bob", "same; ada said so first")

    answers.undo(store, TWO, "bob")
    assert rows(store, "SELECT state, first_by, first_verdict FROM question") == [("open", "ada", "same")]
    answers.undo(store, TWO, "ada")
    assert rows(store, "SELECT first_by, claimed_by FROM question") == [(None, "bob")], "bob still has it"


def test_a_second_person_who_disagrees_is_the_first_of_another_verdict(store: Store, ask: Ask) -> None:
    ask(1)
    rich(store)
    answers.answer(store, TWO, "ada", pair(1), "same", "")
    assert answers.answer(store, TWO, "bob", pair(1), "different", "two mothers").waits
    assert not answers.answer(store, TWO, "cyd", pair(1), "different", "").waits
    assert decisions.about(store, [pair(1)[0]])[0].verdict == "different"
    assert [act.actor for act in answers.about(store, pair(1))] == ["ada", "bob", "cyd"]


def test_the_opposite_said_elsewhere_stands(store: Store, ask: Ask) -> None:
    ask(1)
    decisions.decide(store, *pair(1), "different", actor="cli", reason="")
    with pytest.raises(DecisionStands):
        answers.answer(store, RULES, "ada", pair(1), "same", "")


def test_a_hundred_claims_at_once_never_give_two_people_the_same(store: Store, ask: Ask) -> None:
    ask(*range(1, 31))
    got: dict[str, list[int]] = {name: [] for name in ("ada", "bob", "cyd", "dan")}

    def work(me: str) -> None:
        while asked := claims.claim_next(store, RULES, me):
            got[me].append(number(asked[0]))
            answers.answer(store, RULES, me, asked[0].pair, "same", "")

    threads = [threading.Thread(target=work, args=(name,)) for name in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(n for mine in got.values() for n in mine) == list(range(1, 31))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["next", "same", "different", "later", "undo"])), max_size=25
    )
)
def test_whatever_reviewers_do_each_open_question_is_one_persons(
    store: Store, ask: Ask, steps: list[tuple[str, str]]
) -> None:
    if not rows(store, "SELECT 1 FROM profile LIMIT 1"):
        ask(*range(1, 6))
    rows(store, "DELETE FROM decision RETURNING 1")
    rows(store, "DELETE FROM review_act RETURNING 1")
    rows(store, "UPDATE question SET state = 'open', until = NULL, claimed_by = NULL, claimed_until = NULL RETURNING 1")
    shown: dict[str, claims.Question] = {}
    for me, what in steps:
        if what == "undo":
            if answers.undoable(store, me):
                act = answers.undo(store, RULES, me)
                shown[me] = claims.claim(store, RULES, me, act.pair)
        elif what == "next" or me not in shown:
            asked = claims.claim_next(store, RULES, me)
            shown.pop(me, None)
            shown |= {me: asked[0]} if asked else {}
        elif what == "later":
            answers.put_off(store, RULES, me, shown.pop(me).pair, "")
        else:
            answers.answer(store, RULES, me, shown.pop(me).pair, what, "")
        pairs = [question.pair for question in shown.values()]
        assert len(pairs) == len(set(pairs))
    standing = rows(store, "SELECT left_id FROM decision WHERE withdrawn_at IS NULL")
    assert sorted(standing) == sorted(rows(store, "SELECT left_id FROM question WHERE state = 'answered'"))


def test_the_shipped_rules_and_mistakes_in_them(tmp_path: Path) -> None:
    shipped = load_review(HOUSE / "mappings" / "review.yaml")
    assert (shipped.claim_minutes, shipped.later_days, shipped.wants_two(50_001), shipped.wants_two(50_000)) == (
        10,
        7,
        True,
        False,
    )
    assert load_review(tmp_path / "none.yaml") == ReviewRules()
    wrong = tmp_path / "review.yaml"
    wrong.write_text("claim_minutes: 10\nlater_day: 3\n")
    with pytest.raises(RuleInvalid, match=r"line 2: unknown word 'later_day'.*Did you mean 'later_days'"):
        load_review(wrong)
