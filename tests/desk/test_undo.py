"""Taking back: nobody's word falls with another's, and what is told is what stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge.desk import answers, claims
from landbridge.desk.rules import ReviewRules
from landbridge.errors import LandbridgeError, NotFound, TakenAlready
from landbridge.identity import decisions
from landbridge.store.engine import Store
from tests.desk.conftest import Ask, ask, kept, pair, rows  # noqa: F401  (a fixture)

ONE, TWO = ReviewRules(), ReviewRules(second_person_over=0)


def rich(store: Store) -> None:
    rows(store, "UPDATE question SET deals = 1000 RETURNING 1")


def question(store: Store, number: int = 1) -> tuple[object, ...]:
    left, right = pair(number)
    query = "SELECT state, first_by, first_verdict FROM question WHERE left_id = :left AND right_id = :right"
    return rows(store, query, left=left, right=right)[0]


def free(store: Store) -> None:
    """The clock has freed what was on screens, and what was put off comes back."""
    rows(store, "UPDATE question SET claimed_by = NULL, until = CASE WHEN until IS NOT NULL THEN now() END RETURNING 1")


def test_the_first_of_two_cannot_take_back_what_a_second_made_a_decision(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(1)
    rich(store)
    answers.answer(store, TWO, "ada", pair(1), "same", "")
    answers.answer(store, TWO, "bob", pair(1), "same", "")
    with pytest.raises(TakenAlready, match="bob said 'same' of this pair since"):
        answers.undo(store, TWO, "ada")
    assert question(store)[0] == "answered"
    assert [each.withdrawn_at for each in decisions.about(store, [pair(1)[0]])] == [None]


def test_another_s_verdict_that_waits_stays(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(1)
    rich(store)
    answers.answer(store, TWO, "ada", pair(1), "same", "")
    answers.answer(store, TWO, "bob", pair(1), "different", "")
    with pytest.raises(TakenAlready, match="bob"):
        answers.undo(store, TWO, "ada")
    assert question(store) == ("open", "bob", "different")
    answers.undo(store, TWO, "bob")
    assert question(store) == ("open", "ada", "same"), "what bob outvoted counts again"


def test_an_old_putting_off_reopens_nothing_that_was_answered_since(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(1)
    act = answers.put_off(store, ONE, "ada", pair(1), "")
    free(store)
    claims.claim_next(store, ONE, "bob")
    answers.answer(store, ONE, "bob", pair(1), "same", "")
    with pytest.raises(TakenAlready, match="bob"):
        answers.undo(store, ONE, "ada", act.act_id)
    assert question(store)[0] == "answered"


def test_what_was_decided_elsewhere_is_not_told_to_be_taken_back(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(1)
    answers.put_off(store, ONE, "ada", pair(1), "")
    decisions.decide(store, *pair(1), "same", actor="cli", reason="")
    with pytest.raises(TakenAlready, match="cli decided that these are one person"):
        answers.undo(store, ONE, "ada")
    with pytest.raises(NotFound, match="cli has answered this already"):
        answers.answer(store, ONE, "ada", pair(1), "same", "")
    assert len(answers.about(store, pair(1))) == 1


def test_what_is_asked_again_is_asked_of_two_anew(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(1)
    rich(store)
    answers.answer(store, TWO, "ada", pair(1), "same", "")
    answers.answer(store, TWO, "bob", pair(1), "same", "")
    decisions.withdraw(store, *pair(1), actor="cli", reason="months later")
    kept(store)
    rich(store)
    assert question(store) == ("open", None, None)
    assert answers.answer(store, TWO, "ada", pair(1), "same", "").waits, "one word alone decides nothing"


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each came to, all begun together."""
    found: list[object] = []
    gate = threading.Barrier(len(acts))

    def go(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            found.append(act())
        except LandbridgeError as error:
            found.append(error)

    threads = [threading.Thread(target=go, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_four_undos_at_once_take_back_four_acts(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(*range(1, 7))
    for number in range(1, 7):
        answers.answer(store, ONE, "ada", pair(number), "different", "")
    found = at_once(*[lambda: answers.undo(store, ONE, "ada").act_id] * 4)
    assert len(set(found)) == 4, found
    assert rows(store, "SELECT count(*) FROM decision WHERE withdrawn_at IS NULL") == [(2,)]
    assert rows(store, "SELECT count(*) FROM audit_event WHERE kind = 'review.undone'") == [(4,)]


def test_of_two_who_answer_at_once_one_is_told_that_it_is_answered(store: Store, ask: Ask) -> None:  # noqa: F811
    ask(*range(1, 9))
    for number in range(1, 9):
        found = at_once(*[partial(answers.answer, store, ONE, me, pair(number), "same", "") for me in ("ada", "bob")])
        assert sorted(type(each).__name__ for each in found) == ["Act", "NotFound"]
        (act,) = answers.about(store, pair(number))
        assert act.actor == decisions.about(store, [pair(number)[0]])[0].actor


Step = tuple[str, str, int]
STEPS = st.tuples(
    st.sampled_from(["ada", "bob", "cyd"]),
    st.sampled_from(["same", "different", "later", "undo", "undo"]),
    st.integers(1, 2),
)


def step(store: Store, two: bool, said: dict[int, list[answers.Act]], doing: Step) -> None:
    """Do it, and keep by the side whose acts stand."""
    me, what, number = doing
    rules = TWO if two else ONE
    mine = [(act.act_id, n) for n, acts in said.items() for act in acts if act.actor == me]
    if what == "undo":
        if not mine:
            return
        act_id, of = max(mine)
        if said[of][-1].act_id == act_id:
            answers.undo(store, rules, me)
            said[of].pop()
        else:
            with pytest.raises(TakenAlready):
                answers.undo(store, rules, me)
        return
    try:
        if what == "later":
            said[number].append(answers.put_off(store, rules, me, pair(number), ""))
        else:
            said[number].append(answers.answer(store, rules, me, pair(number), what, ""))
    except (NotFound, TakenAlready):
        assert question(store, number)[0] == "answered" or question(store, number)[1] == me


def see(store: Store, number: int, acts: list[answers.Act]) -> None:
    """A question's state, what stands about it, and the verdict that waits are what the standing acts make of it."""
    state, *first = question(store, number)
    standing = [d for d in decisions.about(store, [pair(number)[0]]) if d.withdrawn_at is None]
    assert (state == "answered") == bool(standing)
    verdicts = [act for act in acts if act.act != "later"]
    decided = verdicts[-1:] if verdicts and not verdicts[-1].waits else []
    assert [(d.actor, d.verdict) for d in standing] == [(act.actor, act.act) for act in decided]
    if not decided:
        assert first == ([verdicts[-1].actor, verdicts[-1].act] if verdicts else [None, None])
    assert [act.act_id for act in answers.about(store, pair(number))] == [act.act_id for act in acts]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.lists(STEPS, max_size=20))
def test_whatever_is_said_and_taken_back_no_word_of_another_s_vanishes(
    store: Store,
    ask: Ask,  # noqa: F811
    two: bool,
    steps: list[Step],
) -> None:
    if not rows(store, "SELECT 1 FROM profile LIMIT 1"):
        ask(1, 2)
        rich(store)
    rows(store, "DELETE FROM decision RETURNING 1")
    rows(store, "DELETE FROM review_act RETURNING 1")
    rows(store, "UPDATE question SET state = 'open', until = NULL, first_by = NULL, first_verdict = NULL RETURNING 1")
    said: dict[int, list[answers.Act]] = {1: [], 2: []}
    for doing in steps:
        free(store)
        step(store, two, said, doing)
        for number, acts in said.items():
            see(store, number, acts)
