"""Nobody without the right 'personal' sees a personal value: in no page, no answer of the API, no list as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import pytest

from landbridge.bootstrap import Hub
from landbridge.console.app import create
from landbridge.desk import answers
from landbridge.desk.index import keep_index
from landbridge.desk.rules import ReviewRules
from landbridge.identity.decisions import decide
from landbridge.identity.stage import resolve
from landbridge.leads.golden import golden
from landbridge.leads.lead import enrich
from landbridge.push.plan import make_plan
from landbridge.trail import runs
from tests.console.conftest import SignIn, Visitor
from tests.console.test_roles import routes
from tests.desk.conftest import EVIDENCE, rows
from tests.identity.test_stage import put

CANARY = "kanarie"
LEFT, RIGHT, THIRD = (f"{stream}/{CANARY}@x.example" for stream in ("files/people.csv", "zendesk/users", "x/users"))


def person(number: int) -> dict[str, object]:
    """Somebody of whom everything personal is a canary."""
    names = ("given_name", "family_name", "company", "title", "street", "city", "postcode")
    said: dict[str, object] = {name: f"{CANARY}{name.replace('_', '')}{number}" for name in names}
    links = {"website": f"https://x.example/{CANARY}{number}", "handle": [f"x:{CANARY}{number}"]}
    return {**said, **links, "email": [f"{CANARY}{number}@x.example"]}


@pytest.fixture
def planted(hub: Hub) -> None:
    """A customer of two records, a plan, a question, and everything that people and systems said of them: canaries."""
    store = hub.store
    put(store, LEFT, person(1))
    put(store, RIGHT, person(2))
    put(store, THIRD, person(3))
    decide(store, LEFT, RIGHT, "same", actor="bob", reason=f"{CANARY} said so")
    with runs.running(store, "publish", actor="test") as run:
        resolve(run, hub.model)
        golden(run, hub.golden_rules)
        enrich(run, hub.lead_rules)
        make_plan(run, hub.policy, hub.crm)
        keep_index(run)
    ((identity,),) = rows(store, "SELECT identity_id FROM link WHERE profile_id = :id", id=LEFT)
    rows(
        store,
        """INSERT INTO match (left_id, right_id, weight, probability, band, evidence, model, run_id)
        VALUES (:left, :right, 1, 0.5, 'review', CAST(:seen AS jsonb), 'm', 'r')
        ON CONFLICT (left_id, right_id) DO UPDATE SET evidence = excluded.evidence RETURNING 1""",
        left=LEFT,
        right=THIRD,
        seen=EVIDENCE.replace("ann", CANARY),
    )
    rows(
        store,
        """INSERT INTO question (left_id, right_id, left_identity, right_identity, close, moves, deals, score, value,
        run_id) SELECT :left, :right, :who, identity_id, false, 1, 90000, 1, 90000, run_id FROM link
        WHERE profile_id = :right RETURNING 1""",
        left=LEFT,
        right=THIRD,
        who=identity,
    )
    answers.put_off(store, ReviewRules(), "ada", (LEFT, THIRD), f"{CANARY} will call")
    answers.answer(store, ReviewRules(second_person_over=0), "ada", (LEFT, THIRD), "same", f"{CANARY} is her name")
    rows(store, "UPDATE question SET state = 'open', until = NULL RETURNING 1")
    for text in (f"{CANARY}: her word", CANARY):
        rows(
            store,
            """INSERT INTO hold (account, kind, identity_id, reason, actor)
            VALUES ('salesforce', 'person', :who, :text, 'cli') RETURNING 1""",
            who=identity,
            text=text,
        )
        rows(
            store,
            """INSERT INTO quarantine (stage, subject, expectation, reason, run_id, state, field, value)
            VALUES ('push', :subject, :rule, :text, :run, 'held', 'email', :text) RETURNING 1""",
            rule=f"REFUSED_{len(text)}",
            subject=identity if text == CANARY else LEFT,
            text=text,
            run=rows(store, "SELECT min(run_id) FROM run")[0][0],
        )
    rows(
        store,
        """INSERT INTO override (identity_id, field, value, actor, reason) VALUES (:who, 'city', :text, 'ann', :text)
        RETURNING 1""",
        who=identity,
        text=CANARY,
    )
    rows(
        store,
        """INSERT INTO touchpoint (touchpoint_id, account, stream, record_id, person, kind, subject, text, mapping,
        digest, run_id) VALUES (:id, 'zendesk', 'tickets', 1, :person, 'ticket', :text, :text, 'm', 'd', 'r')
        RETURNING 1""",
        id=f"zendesk/tickets/{CANARY}",
        person=LEFT,
        text=CANARY,
    )
    rows(store, "UPDATE change SET message = :text, code = 'REFUSED' RETURNING 1", text=CANARY)


def addresses(hub: Hub) -> Iterator[str]:
    """Every GET of the console, its parameters filled with what there is."""
    ((who,),) = rows(hub.store, "SELECT identity_id FROM link WHERE profile_id = :id", id=LEFT)
    one = {
        "identity": who,
        "run_id": rows(hub.store, "SELECT min(run_id) FROM run")[0][0],
        "plan_id": rows(hub.store, "SELECT min(plan_id) FROM plan")[0][0],
        "change_id": rows(hub.store, "SELECT min(change_id) FROM change")[0][0],
        "number": rows(hub.store, "SELECT min(quarantine_id) FROM quarantine")[0][0],
    }
    for method, route in routes(create(hub)):
        if method == "GET":
            path = re.sub(r"{(\w+)(:\w+)?}", lambda found: quote(str(one.get(found[1], "1"))), route.path)
            yield path
            yield f"{path}?format=csv"
    yield f"/api/v1/explain?what={who}"
    yield f"/api/v1/review/question?left_id={quote(LEFT)}&right_id={quote(THIRD)}"
    yield f"/explain?what={who}"
    yield "/api/v1/customers?q=x.example"
    yield from (f"/customers?q={word}" for word in ("@x.example", who))


def crawled(visitor: Visitor, first: Iterator[str]) -> Iterator[tuple[str, str]]:
    """These and whatever they link to, once each."""
    ahead, seen = list(first), set[str]()
    while ahead:
        path = ahead.pop()
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        answer = visitor.get(path)
        assert answer.status_code < 500, path
        if answer.status_code != 200:
            continue
        yield path, answer.text
        for link in re.findall(r'href="([^"#]+)', answer.text):
            there = urlsplit(urljoin(path, link.replace("&amp;", "&")))
            if not there.netloc and not there.path.startswith("/static"):
                ahead.append(there.path + (f"?{there.query}" if there.query else ""))


def test_no_page_tells_a_viewer_anything_personal(sign_in: SignIn, hub: Hub, planted: None) -> None:
    everything = dict(crawled(sign_in("viewer"), addresses(hub)))
    leaks = {
        path: found[:3]
        for path, text in everything.items()
        if (found := re.findall(f".{{0,60}}{CANARY}.{{0,20}}", text, re.I))
    }
    assert not leaks, "\n".join(f"{path}: {found}" for path, found in leaks.items())
    ((who,),) = rows(hub.store, "SELECT identity_id FROM link WHERE profile_id = :id", id=LEFT)
    admin = sign_in("admin")
    for path in ("/review", f"/customers/{who}", f"/api/v1/customers/{who}", "/api/v1/review", "/quarantine"):
        assert path in everything
        assert CANARY in admin.get(path).text, f"the canaries are planted where {path} reads"
