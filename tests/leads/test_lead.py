"""Enrichment: score with reasons, intent, route, history; the same on any day and in any order."""

from __future__ import annotations

from typing import Any

from landbridge.leads.fields import LEAD_FIELDS
from landbridge.leads.rules import IntentRule, ScoreRule
from landbridge.store import tables
from tests.leads.people import NOON, People, lead_rules

ADA = {"full_name": "Ada Lovelace", "email": ["ada@lovelace.org"]}


def lead(people: People, identity: str = "ada") -> Any:
    return people.row(tables.lead, identity)


def reasons(people: People, identity: str = "ada") -> list[tuple[int, str]]:
    return [(reason["points"], reason["why"]) for reason in lead(people, identity).reasons]


def test_points_come_with_a_sentence_and_add_up(people: People) -> None:
    people.person("ada", hubspot={**ADA, "title": "Managing Director", "phone": ["+442079460000"]})
    people.touch("hubspot/people/ada", "form_filled", days_ago=2, subject="Request a quote")
    people.touch("hubspot/people/ada", "form_filled", days_ago=0, subject="Webinar")
    people.leads()
    assert reasons(people) == [
        (30, "Filled in a form within the last 30 days (latest on 2026-11-20)."),
        (20, "Asked about a price or an offer within the last 90 days (latest on 2026-11-18)."),
        (15, "Decides for a company, by the job title."),
        (10, "Can be reached by e-mail and by phone."),
    ]
    row = lead(people)
    assert row.score == row.fields["score"] == 75
    assert row.fields["reasons"].splitlines()[0].startswith("+30  Filled in a form")


def test_a_score_stays_between_0_and_100(people: People) -> None:
    people.person("ada", hubspot={**ADA, "consent": ["email:refused:2026-01-01"]})
    people.leads()
    assert (lead(people).score, reasons(people)[0][0]) == (0, -20)
    rule = ScoreRule(points=100, reason="Has a name.", when={"fields": {"full_name": {"present": "true"}}})
    rules = lead_rules().model_copy(update={"score": (rule, rule)})
    people.leads(rules)
    assert lead(people).score == 100


def test_age_counts_from_the_newest_touchpoint_and_not_from_the_clock(people: People) -> None:
    people.person("ada", zendesk=ADA)
    people.person("bob", zendesk={"full_name": "Bob"})
    people.touch("zendesk/people/ada", "ticket", days_ago=30)
    people.leads()
    assert lead(people).score == 10
    people.touch("zendesk/people/bob", "ticket", days_ago=0)
    assert people.leads()[1].unchanged == 1, "thirty days are still within thirty days"
    people.touch("zendesk/people/bob", "ticket", days_ago=-1)
    people.leads()
    assert lead(people).score == 0, "news elsewhere moved the ticket past the limit"


def test_a_touchpoint_of_the_future_moves_nobody_past_today(people: People) -> None:
    people.person("ada", zendesk=ADA)
    people.touch("zendesk/people/ada", "ticket", days_ago=-40_000)
    people.leads()
    assert lead(people).score == 10


def test_a_second_run_writes_nothing(people: People) -> None:
    for number in range(20):
        people.person(f"i{number}", zendesk={"full_name": f"Person {number}"})
        people.touch(f"zendesk/people/i{number}", "ticket", days_ago=number, text="how much does it cost?")
    assert people.leads()[1].new == 20
    before = people.contents(tables.golden, tables.lead)
    assert [entry.unchanged for entry in people.leads()] == [20, 20]
    assert people.contents(tables.golden, tables.lead) == before


def test_the_newest_words_tell_the_intent_and_ours_do_not_count(people: People) -> None:
    people.person("ada", zendesk=ADA)
    people.touch("zendesk/people/ada", "ticket", days_ago=3, text="My unit shows an ERROR, please help")
    people.touch("zendesk/people/ada", "ticket", days_ago=2, text="Besten Dank! Was wäre der Preis für zwei?")
    people.touch("zendesk/people/ada", "ticket", days_ago=1, text="Would you like to cancel?", direction="out")
    people.leads()
    row = lead(people)
    assert (row.fields["intent"], row.origin["intent"]["touchpoint"]) == ("buy", "zendesk/touches/1")


def test_words_are_whole_words(people: People) -> None:
    people.person("ada", x=ADA)
    people.touch("x/people/ada", "mention", text="Costa Rica is priceless; trialogue, Preisträger")
    people.leads()
    assert lead(people).fields["intent"] == "unknown"


def test_old_words_tell_nothing(people: People) -> None:
    people.person("ada", x=ADA)
    people.touch("x/people/ada", "mention", days_ago=91, text="quote please")
    people.touch("x/people/ada", "mention", days_ago=0, text="hello")
    people.touch("x/people/ada", "mention", days_ago=None, text="quote please")
    people.leads()
    assert lead(people).fields["intent"] == "unknown"


def test_the_first_route_that_holds_is_taken(people: People) -> None:
    people.person("de", x={**ADA, "country": "Deutschland"})
    people.person("us", x_2={**ADA, "country": "USA"})
    people.person("angry", x_3={**ADA, "country": "Deutschland"})
    people.person("nowhere", x_4=ADA)
    people.touch("x/people/3", "mention", text="Unacceptable!")
    people.leads()
    routes = [lead(people, who).fields["route"] for who in ("de", "us", "angry", "nowhere")]
    assert routes == ["Sales DACH", "Sales Americas", "Customer care", "Sales"]


def test_history_is_told_with_its_origin(people: People) -> None:
    people.person("ada", zendesk=ADA, hubspot=ADA)
    people.touch("zendesk/people/ada", "ticket", days_ago=5)
    people.touch("hubspot/people/ada", "email_opened", days_ago=1, campaign="Winter check")
    people.touch("zendesk/people/ada", "ticket", days_ago=None)
    people.leads()
    row = lead(people)
    assert row.fields["last_touch_at"] == "2026-11-19T12:00:00Z"
    assert (row.fields["last_touch_kind"], row.fields["last_touch_campaign"]) == ("email_opened", "Winter check")
    assert (row.fields["touch_count"], row.fields["systems"]) == (3, "hubspot, zendesk")
    assert row.origin["last_touch_campaign"]["touchpoint"] == "hubspot/touches/1"


def test_names_come_from_their_parts_or_from_the_whole(people: People) -> None:
    people.person("parts", x_1={"given_name": "ANNA", "family_name": "VON BERG"})
    people.person("whole", x_2={"full_name": "Müller, Hans"})
    people.person("single", x_3={"full_name": "山田太郎"})
    people.person("first", x_4={"given_name": "Ann"})
    people.person("nobody", x_5={"handle": ["x:nobody"]})
    people.leads()

    def names(who: str) -> list[str | None]:
        return [lead(people, who).fields.get(part) for part in ("first_name", "last_name", "full_name")]

    assert names("parts") == ["Anna", "von Berg", "Anna von Berg"]
    assert names("whole") == ["Hans", "Müller", "Müller, Hans"]
    assert names("single") == [None, "山田太郎", "山田太郎"]
    assert names("first") == ["Ann", None, "Ann"]
    assert names("nobody") == [None, None, None]
    assert lead(people, "whole").origin["last_name"]["rule"] == "part_of_full_name"


def test_what_nobody_said_is_left_out(people: People) -> None:
    people.person("ada", x=ADA)
    people.leads()
    row = lead(people)
    assert "company" not in row.fields
    assert (row.fields["email_opt_out"], row.origin["email_opt_out"]["rule"]) == (False, "nobody_refused")


def test_every_field_is_known_and_has_an_origin(people: People) -> None:
    people.person("ada", x={**ADA, "country": "UK", "phone": ["+442079460000"], "reference": ["salesforce/Lead/00Q"]})
    people.touch("x/people/ada", "mention", text="quote", campaign="c")
    people.leads()
    row = lead(people)
    assert set(row.fields) <= set(LEAD_FIELDS)
    assert set(row.origin) == set(row.fields)
    assert all(origin["rule"] for origin in row.origin.values())


def test_a_lead_that_says_something_else_is_not_valid_until_it_is_seen(people: People) -> None:
    people.person("ada", x=ADA)
    people.leads()
    with people.store.begin() as connection:
        connection.execute(tables.lead.update().values(valid=True))
    people.person("ada", x={**ADA, "full_name": "Ada King"})
    people.leads()
    assert lead(people).valid is None


def test_a_hostile_text_costs_no_more_than_its_beginning(people: People) -> None:
    people.person("ada", x=ADA)
    people.touch("x/people/ada", "mention", text="a" * 1_000_000 + " quote")
    people.touch(
        "x/people/ada",
        "mention",
        days_ago=1,
        text="\u202e quote \\u0000 {latest} $1 ' ; DROP TABLE lead",
        campaign="{count}",
    )
    evil = IntentRule(intent="evil", regex="(a+)+$")
    rules = lead_rules()
    rules = rules.model_copy(update={"intent": rules.intent.model_copy(update={"rules": (evil, *rules.intent.rules)})})
    people.leads(rules)
    assert lead(people).fields["intent"] == "evil"
    assert "{" not in lead(people).fields["reasons"]
    assert NOON.strftime("%Y-%m-%d") in lead(people).fields["reasons"]
