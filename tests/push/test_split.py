"""What a split gives back: never over somebody's edit, and never a refusal."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import Crm, a_run, changes, put_lead

ANNA: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Anna", "email": "anna@fjord.example", "score": 40}
CARL: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Carl", "email": "carl@fjord.example"}
HIS = {"email_opt_out": "true", "handles": ["x:carl"], "phone": "1"}


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def state(store: Store, *statements: str) -> None:
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def merged(store: Store, crm: Crm, line: Line) -> dict[str, Any]:
    """Anna's lead in the CRM, with what Carl's records said."""
    put(store, anna=ANNA, carl=CARL)
    line()
    state(
        store,
        "UPDATE identity SET redirect_to = 'anna' WHERE identity_id = 'carl'",
        "DELETE FROM lead WHERE identity_id = 'carl'",
    )
    put(store, anna=ANNA | HIS)
    for name in HIS:
        state(
            store,
            f"""UPDATE lead SET origin = jsonb_set(origin, '{{{name},profile}}', '"zendesk/users/carl"')
                WHERE identity_id = 'anna'""",
        )
    line()
    return next(row for row in crm.rows["Lead"].values() if row["FirstName"] == "Anna")


def fall_apart(store: Store, anna: dict[str, Any]) -> None:
    put(store, anna=anna, **{"carl-again": CARL | HIS})
    with a_run(store) as run:
        event = f"VALUES ('split', 'anna', 'carl-again', '{run.run_id}')"
        state(store, f"INSERT INTO identity_event (kind, identity_id, other_id, run_id) {event}")
        for who, now in (("anna", "anna"), ("carl", "carl-again")):
            state(
                store,
                f"""INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
                    VALUES ('zendesk/users/{who}', 'zendesk', 'users', '{who}', 1, 'm', 'd', 'r')""",
                f"""INSERT INTO link (profile_id, identity_id, how, model, run_id)
                    VALUES ('zendesk/users/{who}', '{now}', 'single', '1', '{run.run_id}')""",
            )


def test_a_split_takes_back_what_nobody_edited_but_no_refusal(store: Store, crm: Crm, line: Line) -> None:
    hers = merged(store, crm, line)
    assert (hers["Phone"], hers["Landbridge_Handles__c"], hers["HasOptedOutOfEmail"]) == ("1", "x:carl", True)
    fall_apart(store, ANNA | {"email_opt_out": "false"})
    line()
    assert (hers["Phone"], hers["Landbridge_Handles__c"], hers["HasOptedOutOfEmail"]) == (None, None, True)
    told = next(c["conflicts"] for c in reversed(changes(store)) if c["match_value"] == hers["Id"])
    assert told["HasOptedOutOfEmail"]["why"] == "refusal"
    crm.calls.clear()
    line()
    assert crm.calls == []


def test_a_split_leaves_what_somebody_edited(store: Store, crm: Crm, line: Line) -> None:
    hers = merged(store, crm, line)
    edited = {"Phone": "REP", "Landbridge_Handles__c": "x:anna_real"}
    hers.update(edited)
    fall_apart(store, ANNA)
    line()
    assert {field: hers[field] for field in edited} == edited
    hers["HasOptedOutOfEmail"] = False
    line()
    assert hers["HasOptedOutOfEmail"] is False, "somebody asked her"
