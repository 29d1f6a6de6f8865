"""A plan as large as a first load, made by the database itself."""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.push.sorting import sort_plan
from landbridge.store.engine import Store

PLAN = "plan-20260101-000000-huge"


def huge_plan(store: Store, changes: int = 100_000) -> str:
    """A plan of that many changes, sorted; every thousandth has a reason that the others have not."""
    with store.begin() as connection:
        for statement in _MADE.split(";"):
            connection.execute(sa.text(statement), {"plan": PLAN, "changes": changes})
        sort_plan(connection, PLAN)
    store.tidy("change", "plan_entry", "plan_part", "identity")
    return PLAN


_MADE = r"""
INSERT INTO run (run_id, flow) VALUES ('huge', 'publish');
INSERT INTO plan (plan_id, run_id, account, policy) VALUES (:plan, 'huge', 'salesforce', 'p');
INSERT INTO identity (identity_id, founder, run_id)
SELECT 'huge-' || n, 'huge-' || n, 'huge' FROM generate_series(1, :changes) n;
INSERT INTO change (plan_id, identity_id, account, object, action, match_field, match_value, before, after, origin,
                    conflicts, lead_digest)
SELECT :plan, 'huge-' || n, 'salesforce', CASE WHEN n % 5 = 0 THEN 'Contact' ELSE 'Lead' END,
    CASE WHEN n % 3 = 0 THEN 'update' ELSE 'create' END,
    CASE WHEN n % 3 = 0 THEN 'Id' ELSE 'Landbridge_Id__c' END, '00Q' || n,
    jsonb_build_object('FirstName', 'Before', 'LastName', NULL, 'City', NULL, 'Title', NULL),
    jsonb_build_object('FirstName', 'Anna ' || n, 'LastName', 'Arnesen', 'Email', 'anna' || n || '@fjord.example',
        'City', 'Bergen', 'Title', 'Captain', 'Landbridge_Score__c', n % 100, 'Landbridge_Sources__c', 'x, zendesk'),
    jsonb_build_object(
        'FirstName', jsonb_build_object('rule', 'only_value', 'profile', s.name || '/users/' || n, 'field', 'first'),
        'LastName', jsonb_build_object('rule', 'newest', 'profile', 'zendesk/users/' || n, 'field', 'last'),
        'Email', jsonb_build_object('rule', CASE WHEN n % 1000 = 0 THEN 'oldest' ELSE 'most_trusted' END,
                                    'profile', s.name || '/users/' || n, 'field', 'email'),
        'City', jsonb_build_object('rule', 'most_complete', 'profile', s.name || '/users/' || n, 'field', 'city'),
        'Title', jsonb_build_object('rule', 'longest', 'profile', 'hubspot/contacts/' || n, 'field', 'title'),
        'Landbridge_Score__c', jsonb_build_object('rule', 'score', 'field', 'score'),
        'Landbridge_Sources__c', jsonb_build_object('rule', 'every_profile', 'field', 'systems')),
    CASE WHEN n % 50 = 0 THEN '{"Phone": {"ours": "1", "theirs": "2", "kept": "theirs", "why": "edited"}}'::jsonb
         ELSE '{}' END, 'd'
FROM generate_series(1, :changes) n, LATERAL (SELECT (ARRAY['x', 'zendesk', 'hubspot'])[n % 3 + 1]) s(name)
"""
