"""What a text's last lines tell of its writer: many layouts, somebody else's words, and hostile ones."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.features.signature import LONGEST, MOST, SIGNATURES, read


def told(*texts: str | None) -> pa.Table:
    return read(
        pa.table(
            {
                "touchpoint_id": [f"t{number}" for number in range(len(texts))],
                "person": ["zendesk/users/1"] * len(texts),
                "text": pa.array(texts, pa.string()),
            }
        )
    )


def one(text: str) -> dict[str, list[str]]:
    """What one text tells, by kind."""
    found: dict[str, list[str]] = {}
    for row in told(text).to_pylist():
        found.setdefault(row["kind"], []).append(row["value"])
    return found


LAYOUTS = {
    "the issue's own": (
        "My unit is loud.\n\nBest regards,\nAlbert Lindau\nLindau GmbH | +49 170 1234567\nalbert@lindau.example",
        {
            "name": ["Albert Lindau"],
            "phone": ["+49 170 1234567"],
            "company": ["Lindau GmbH"],
        },
    ),
    "delimiter, title, two numbers": (
        "Help\n\n--\nJohn Smith\nSales Manager, Smith Plumbing Ltd\nTel. 020 7946 0123\nMobile: 07700 900123",
        {"name": ["John Smith"], "phone": ["07700 900123"], "company": ["Smith Plumbing Ltd"]},
    ),
    "RFC 3676 with carriage returns": (
        "Help\r\n\r\n-- \r\nJohn Smith\r\n07700 900123\r\n",
        {"name": ["John Smith"], "phone": ["07700 900123"]},
    ),
    "on the closing's own line": (
        "It drips.\nThanks, Albert Lindau\n0170 1234567",
        {"name": ["Albert Lindau"], "phone": ["0170 1234567"]},
    ),
    "a private person's number is his own, whatever he calls it": (
        "Hi\nRegards\nJohn Smith\nTel. 020 7946 0123",
        {"name": ["John Smith"], "phone": ["020 7946 0123"]},
    ),
    "German, fax and the firm's own number left out, firm with an ampersand": (
        "Hallo,\nMit freundlichen Grüßen aus Berlin\n\nDr. Anna von der Heide\nGeschäftsführerin\n"
        "Heide & Söhne GmbH & Co. KG\nTel.: +49 (0)30 123456-0\nDurchwahl: +49 (0)30 123456-78\nFax: +49 30 123456-79",
        {
            "name": ["Dr. Anna von der Heide"],
            "phone": ["+49 30 123456-78"],
            "company": ["Heide & Söhne GmbH & Co. KG"],
        },
    ),
    "all in one line": (
        "Hi\nKind regards\nMaria O'Neill | Head of Sales | ACME Inc. | Direct: (415) 555-0132 | maria@acme.example",
        {
            "name": ["Maria O'Neill"],
            "phone": ["(415) 555-0132"],
            "company": ["ACME Inc."],
        },
    ),
    "French": (
        "Bonjour\nCordialement,\nJean-Luc Dupont\nTél : 06 12 34 56 78",
        {"name": ["Jean-Luc Dupont"], "phone": ["06 12 34 56 78"]},
    ),
    "French, at length": (
        "Veuillez agréer, Madame, Monsieur, l'expression de mes salutations.\nÉlodie Lefèvre\n06 12 34 56 78",
        {"name": ["Élodie Lefèvre"], "phone": ["06 12 34 56 78"]},
    ),
    "Spanish": (
        "Hola\nUn cordial saludo\nJosé Núñez García\nMóvil 612 345 678",
        {"name": ["José Núñez García"], "phone": ["612 345 678"]},
    ),
    "Italian": (
        "Salve\nCordiali saluti\nGiulia Di Stefano\nCell. 347 1234567",
        {"name": ["Giulia Di Stefano"], "phone": ["347 1234567"]},
    ),
    "Dutch": (
        "Hoi\nMet vriendelijke groet,\nJan van der Berg\nM 06-12345678",
        {"name": ["Jan van der Berg"], "phone": ["06-12345678"]},
    ),
    "Portuguese": (
        "Olá\nCom os melhores cumprimentos\nJoão da Silva\nTlm: 912 345 678",
        {"name": ["João da Silva"], "phone": ["912 345 678"]},
    ),
    "Chinese": ("您好\nBest regards\n李小龙\n+86 138 1234 5678", {"name": ["李小龙"], "phone": ["+86 138 1234 5678"]}),
    "short name, then the full one": (
        "Hi\nBest,\nAl\n--\nAl Lindau\nT +49 30 1234567 F +49 30 1234568 M +49 170 7654321",
        {"name": ["Al Lindau"], "phone": ["+49 170 7654321", "+49 30 1234567"]},
    ),
    "numbers that are no phones": (
        "Hi\nBest regards\nAnna Muster\nMuster GmbH\nHRB 01234567\nUSt 0123456789\nTicket 0017012345\n01.02.2026 10",
        {"name": ["Anna Muster"], "company": ["Muster GmbH"]},
    ),
    "Markdown": (
        "Hi\n**Best regards**\n*Anna Muster*\n[anna@muster.example](mailto:anna@muster.example)",
        {"name": ["Anna Muster"]},
    ),
    "the last closing counts": (
        "Thanks,\nI tried that.\nRegards\nAnna Muster\n+49 170 1234567",
        {"name": ["Anna Muster"], "phone": ["+49 170 1234567"]},
    ),
    "a device's own line": ("Hi\nThanks\nAnna Muster\nSent from my iPhone", {"name": ["Anna Muster"]}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_signature_tells_who_wrote(layout: str) -> None:
    text, expected = LAYOUTS[layout]
    assert one(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my iPhone",
        "It is broken.\n\nSent from my iPhone",
        "Gesendet mit der mobilen Mail App\nGet Outlook for iOS",
        "Call me on +49 170 1234567",
        "It drips. Thanks, Albert Lindau",
        "Thanks!\nIt works again now, call +49 170 1234567",
        "Best regards,\n+49 170 1234567",
        "Best regards,\nYour Service Team\n+49 170 1234567",
        "Best regards\nMuster GmbH\n+49 170 1234567",
        "Best regards\nanna muster is away\n+49 170 1234567",
        "",
        "\n\n\n",
        "-- \n",
    ],
)
def test_what_names_no_writer_tells_nothing(text: str) -> None:
    assert one(text) == {}


THEIRS = "Best regards,\nMaria Muster\n+49 170 9999999\nmaria@muster.example"
QUOTES = {
    "marked": "> Thank you.\n> " + THEIRS.replace("\n", "\n> "),
    "English": "On Mon, 3 Nov 2025 at 10:01, Maria Muster <maria@muster.example> wrote:\n\n" + THEIRS,
    "English, wrapped": "On Mon, 3 Nov 2025 at 10:01, Maria Muster\n<maria@muster.example> wrote:\n\n" + THEIRS,
    "German": "Am 03.11.2025 um 10:01 schrieb Maria Muster <maria@muster.example>:\n" + THEIRS,
    "French": "Le lun. 3 nov. 2025 à 10:01, Maria Muster <maria@muster.example> a écrit :\n" + THEIRS,
    "Spanish": "El lun, 3 nov 2025 a las 10:01, Maria Muster (<maria@muster.example>) escribió:\n" + THEIRS,
    "Italian": "Il giorno lun 3 nov 2025 alle ore 10:01 Maria Muster ha scritto:\n" + THEIRS,
    "Dutch": "Op ma 3 nov. 2025 om 10:01 schreef Maria Muster <maria@muster.example>:\n" + THEIRS,
    "Portuguese": "Em seg., 3 de nov. de 2025, Maria Muster escreveu:\n" + THEIRS,
    "Outlook": "From: Maria Muster\nSent: Monday\nTo: Albert\nSubject: Re: E7\n\n" + THEIRS,
    "Outlook, bold": "**From:** Maria Muster\n\n" + THEIRS,
    "Outlook, German": "________________________________\nVon: Maria Muster\nGesendet: Montag\n\n" + THEIRS,
    "original": "-----Original Message-----\n" + THEIRS,
    "forwarded": "---------- Forwarded message ---------\n" + THEIRS,
    "forwarded, German": "-------- Weitergeleitete Nachricht --------\n" + THEIRS,
    "Apple": "Begin forwarded message:\n\n" + THEIRS,
    "Zendesk": "##- Please type your reply above this line -##\n" + THEIRS,
    "HTML's mark": "&gt; " + THEIRS.replace("\n", "\n&gt; "),
}


@pytest.mark.parametrize("kind", QUOTES)
def test_somebody_elses_quoted_signature_is_not_taken(kind: str) -> None:
    assert one("Please see below.\n\n" + QUOTES[kind]) == {}
    ours = one("It drips.\nRegards\nAlbert Lindau\n+49 170 1234567\n\n" + QUOTES[kind])
    assert ours == {"name": ["Albert Lindau"], "phone": ["+49 170 1234567"]}


HOSTILE = [
    "\x00\x00--\nAlbert\x00 Lindau\n+49 170\x00 1234567",
    "--\n\u202eAlbert Lindau\u202c\n\u200f+49\u200b 170 1234567",
    "a" * 10_000_000,
    "--\n" * 300_000,
    "On x\n" * 4_000,
    "On " + "wrote " * 100_000,
    "Best, " + "Aa " * 100_000,
    "--\nAlbert Lindau\n" + "0 1-" * 5_000,
    "--\nAlbert Lindau\n" + "a@" * 5_000 + "b.cc",
    "--\n" + "Best " * 5_000 + "\n" + "ß" * 5_000,
    "'; DROP TABLE profile; --\n--\nBobby Tables\n+1 415 555 0132",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_stops_nothing_and_tells_little(number: int) -> None:
    found = told(HOSTILE[number])
    assert found.schema == SIGNATURES
    assert found.num_rows <= 3 * MOST + 1
    assert all(len(value) <= 260 and "\x00" not in value for value in found["value"].to_pylist())


def test_marks_that_nobody_sees_do_not_hide_or_change_a_value() -> None:
    assert one(HOSTILE[0]) == one(HOSTILE[1]) == {"name": ["Albert Lindau"], "phone": ["+49 170 1234567"]}


def test_only_the_end_of_a_bounded_text_is_looked_at() -> None:
    signature = "\n--\nAlbert Lindau\n+49 170 1234567"
    assert one("word " * 1_000 + signature)["name"] == ["Albert Lindau"]
    assert one("word " * (LONGEST // 5) + signature) == {}
    assert one(signature + "\nword" * 400) == {}


def test_a_text_of_nobody_or_of_nothing_tells_nothing() -> None:
    texts = {"touchpoint_id": ["t"], "person": pa.nulls(1, pa.string()), "text": ["--\nAlbert Lindau"]}
    assert read(pa.table(texts)).num_rows == 0
    assert told(None).num_rows == 0


PIECES = st.sampled_from((
    "Best regards", "Danke", "-- ", "Albert Lindau", "+49 170 1234567", "a@b.example", "Lindau GmbH", "Tel. ", "é",
    "\n", "\r\n", " | ", ", ", "> ", "On x wrote:", "\x00", "\u202e", "\u2028", "'", "{0}", "\\", "%", "\t",
))  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=200)), max_size=5))
def test_no_text_whatever_raises_and_what_is_told_stands_in_it(texts: list[str]) -> None:
    rows = told(*texts).to_pylist()
    assert len(rows) <= len(texts) * (3 * MOST + 1)
    assert all(row["kind"] in ("name", "phone", "company") and row["value"].strip() for row in rows)
    assert {row["touchpoint_id"] for row in rows} == {row["touchpoint_id"] for row in rows if row["kind"] == "name"}
