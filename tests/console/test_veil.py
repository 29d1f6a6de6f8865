"""Nobody without the right 'personal' sees a personal value: in no page, no answer of the API, no list as CSV."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import pytest

from landbridge.bootstrap import Hub
from landbridge.console.app import create
from landbridge.console.read.plan_fields import fields_of
from landbridge.console.web.veil import Veil
from landbridge.desk import answers
from landbridge.desk.index import keep_index
from landbridge.desk.rules import ReviewRules
from landbridge.identity.decisions import decide
from landbridge.identity.stage import resolve
from landbridge.leads.golden import golden
from landbridge.leads.lead import enrich
from landbridge.push import halt
from landbridge.push.plan import make_plan
from landbridge.quality.suite import validate
from landbridge.trail import runs
from tests.console.conftest import SignIn, Visitor
from tests.console.test_roles import right_of, routes
from tests.desk.conftest import EVIDENCE, rows
from tests.identity.test_stage import put

CANARY = "kanarie"
LEFT, RIGHT, THIRD = (f"{stream}/{CANARY}@x.example" for stream in ("files/people.csv", "zendesk/users", "x/users"))
WRITTEN = "00Q000000000003"
NOWHERE = {"/runs/docs/{path:path}", "/customers/{identity}/split", "/sign-in/oidc", "/sign-in/oidc/back"}
"""What a viewer gets no page of here: not theirs, or nothing is configured."""


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
        validate(run, hub.suite, hub.docs)
        assert make_plan(run, hub.policy, hub.crm)
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
    said_of_plans(hub)
    held_at_every_stage(hub, identity)


def said_of_plans(hub: Hub) -> None:
    """What the CRM answered, whose edits stand there, and what people wrote when they decided about plans."""
    edits = {"City": {"kept": "theirs", "theirs": f"{CANARY}-on-sea", "ours": {"city": CANARY}, "why": "edited"}}
    refused = "code = 'REFUSED', refusal = 'repair', conflicts = CAST(:edits AS jsonb)"
    rows(hub.store, f"UPDATE change SET message = :text, {refused} RETURNING 1", text=CANARY, edits=json.dumps(edits))
    halt.halt(hub.store, hub.crm, actor="kim", reason=f"{CANARY} called")
    rows(
        hub.store,
        """INSERT INTO plan (plan_id, run_id, account, policy, state, approved_by, approved_at, reason, dropped_by,
        dropped_why) SELECT 'plan-dropped', min(run_id), 'salesforce', 'p', 'superseded', 'kim', now(), :text, 'kim',
        :text FROM run RETURNING 1""",
        text=CANARY,
    )
    rows(hub.store, "UPDATE plan SET reason = :text, dropped_why = :text RETURNING 1", text=CANARY)
    written = f"""UPDATE change SET state = 'done', crm_id = '{WRITTEN}' WHERE identity_id =
        (SELECT identity_id FROM link WHERE profile_id = :third) RETURNING change_id"""
    pushed = f"""INSERT INTO pushed (identity_id, account, object, crm_id, fields, change_id, run_id)
        SELECT identity_id, account, object, '{WRITTEN}', after, change_id, (SELECT min(run_id) FROM run)
        FROM change WHERE state = 'done' RETURNING 1"""
    assert rows(hub.store, written, third=THIRD)
    assert rows(hub.store, pushed)


def held_at_every_stage(hub: Hub, identity: str) -> None:
    """A row, a record, a doubt, and a lead of whom each value says from which profile it is."""
    ((record,),) = rows(
        hub.store,
        """INSERT INTO record (account, stream, key, version, digest, payload, run_id) SELECT 'files', 'people.csv',
        :key, 1, 'd', CAST(:payload AS text), min(run_id) FROM run RETURNING record_id""",
        key=LEFT,
        payload=json.dumps({"name": CANARY, "deep": {"er": [CANARY]}}),
    )
    for stage, subject, value in (
        ("land", LEFT, None),
        ("map", LEFT, CANARY),
        ("identity", identity, f"{LEFT} {RIGHT}"),
        ("validate", identity, CANARY),
    ):
        rows(
            hub.store,
            """INSERT INTO quarantine (stage, subject, expectation, reason, run_id, state, field, value, raw, record_id)
            SELECT :stage, :subject, 'rule', 'why', min(run_id), 'held', 'city', :value, :raw, :record FROM run
            RETURNING 1""",
            stage=stage,
            subject=subject,
            value=value,
            raw=base64.b64encode(CANARY.encode()).decode(),
            record=record,
        )


def addresses(hub: Hub) -> Iterator[str]:
    """Every GET of the console, its parameters filled with what there is."""
    ((who,),) = rows(hub.store, "SELECT identity_id FROM link WHERE profile_id = :id", id=LEFT)
    one = {
        "record_id": rows(hub.store, "SELECT min(record_id) FROM record")[0][0],
        "file": "console.yaml",
        "identity": who,
        "run_id": rows(hub.store, "SELECT min(run_id) FROM run")[0][0],
        "plan_id": rows(hub.store, "SELECT min(plan_id) FROM plan")[0][0],
        "change_id": rows(hub.store, "SELECT min(change_id) FROM change")[0][0],
        "number": rows(hub.store, "SELECT min(quarantine_id) FROM quarantine")[0][0],
    }
    assert all(one.values()), one
    for method, route in routes(create(hub)):
        if method == "GET":
            path = re.sub(r"{(\w+)(:\w+)?}", lambda found: quote(str(one.get(found[1], "1"))), route.path)
            yield path
            yield f"{path}?format=csv"
    yield from (f"{path}?what={crm}" for path in ("/explain", "/api/v1/explain") for crm in (who, WRITTEN))
    yield f"/api/v1/review/question?left_id={quote(LEFT)}&right_id={quote(THIRD)}"
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
    unseen = {path for path in readable(hub) - NOWHERE if not any(is_of(path, each) for each in everything)}
    assert not unseen, "every route was looked at, by an address of it that there is"


def readable(hub: Hub) -> set[str]:
    """What a viewer may GET."""
    return {
        route.path for method, route in routes(create(hub)) if method == "GET" and right_of(route.dependant) == "see"
    }


def is_of(route: str, address: str) -> bool:
    pattern = re.sub(r"\\{\w+(:\w+)?\\}", "[^/]+", re.escape(route).replace(r"\:", ":"))
    return re.fullmatch(pattern, address.partition("?")[0]) is not None


def test_the_canaries_are_where_the_pages_read(sign_in: SignIn, hub: Hub, planted: None) -> None:
    """The test above could not fail where nothing is planted: each of these tells somebody who may see it."""
    ((who,),) = rows(hub.store, "SELECT identity_id FROM link WHERE profile_id = :id", id=LEFT)
    ((plan,),) = rows(hub.store, "SELECT plan_id FROM change WHERE identity_id = :who", who=who)
    stages = dict(rows(hub.store, "SELECT stage, max(quarantine_id) FROM quarantine WHERE state = 'held' GROUP BY 1"))
    assert set(stages) == {"land", "map", "identity", "validate", "push"}
    admin = sign_in("admin")
    pages = ["/review", f"/customers/{who}", "/quarantine", "/plan", f"/plan/{plan}", "/plan/history"]
    pages += [f"/plan/{plan}?format=csv", "/plan/history?format=csv", "/quarantine?format=csv"]
    pages += [
        f"/api/v1/{path}" for path in ("review", f"customers/{who}", f"plans/{plan}/changes", "plans", "quarantine")
    ]
    pages += [f"{at}/explain?what={WRITTEN}" for at in ("", "/api/v1")]
    pages += [f"{at}/quarantine/{number}" for number in stages.values() for at in ("", "/api/v1")]
    assert [path for path in pages if CANARY not in admin.get(path).text] == []
    whence = admin.get(f"/plan/{plan}?format=csv").text
    assert LEFT in whence or RIGHT in whence, "where a value is from is told, by the profile's id"
    assert CANARY in admin.get(f"/quarantine/{stages['validate']}").text.split("From</th>")[1]


def test_of_two_numbers_no_more_is_lit_than_the_veil_leaves() -> None:
    change = {"before": {"Phone": "+47 912 34 567"}, "after": {"Phone": "+47 912 34 568"}, "action": "update"}
    (field,) = fields_of({**change, "origin": {}, "conflicts": {}}, set(), Veil(personal=False, names=False))
    assert field.pieces == ([("•••• ", False), ("67", True)], [("•••• ", False), ("68", True)])
