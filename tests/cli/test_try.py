"""`landbridge try` with exports as people have them, and as attackers would like them to be."""

from __future__ import annotations

import csv
import io
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import PEOPLE, Project

GERMAN = """Kundennr;Vorname;Nachname;E-Mail;Telefon;Firma;Ort
K1;Änne;Weiß;aenne.weiss@example.de;0171 1234567;Weiß & Söhne;Köln
K2;Bob;Smith;bob.smith@acme.example;;;
"""
FRENCH = [{"nom": "Ana Garcia", "courriel": "ana.garcia@correo.example", "ville": "Madrid"}]
ENGLISH = {"full_name": ["Änne Weiss"], "email": [["aenne.weiss@example.de"]], "phone": ["+49 171 1234567"]}


@pytest.fixture
def exports(project: Project) -> Project:
    """Four systems' exports, none like another."""
    project.write("crm.csv", PEOPLE)
    project.write("kontakte.csv", GERMAN.encode("latin-1"))
    project.write("news.jsonl", "".join(json.dumps(row) + "\n" for row in FRENCH) + "{torn\n")
    pq.write_table(pa.table(ENGLISH), project.home / "shop.parquet")
    return project


def test_four_formats_in_three_languages(exports: Project) -> None:
    ended = exports.landbridge(
        "try", "crm.csv", "kontakte.csv", "news.jsonl", "shop.parquet", "--region", "de", "--json"
    )
    assert (ended.code, ended.err) == (0, "")
    people = {frozenset(f"{row['file']}/{row['key']}" for row in group["members"]) for group in ended.json["groups"]}
    assert people == {
        frozenset({"crm/1", "crm/2", "news/1"}),
        frozenset({"crm/3", "kontakte/K2"}),
        frozenset({"kontakte/K1", "shop/1"}),
    }
    assert all(group["why"] for group in ended.json["groups"])
    assert {file["name"]: file["broken"] for file in ended.json["files"]}["news.jsonl"] == 1


def test_for_people(exports: Project) -> None:
    told = exports.landbridge("try", "crm.csv", "kontakte.csv").out
    assert "Änne" not in told, "she has one row only"
    assert "same e-mail, used under no other name: bob.smith@acme.example" in told
    assert "given_name     ← Vorname" in told


def test_the_same_every_time(exports: Project) -> None:
    first, second = (exports.from_the_shell("try", "crm.csv", "kontakte.csv", "news.jsonl") for _ in range(2))
    assert first == second


HOSTILE = (
    '=HYPERLINK("http://evil.example")',
    "@SUM(1+1)",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "\t=1+1",
    "[bold red]Eve[/] [link=http://evil.example]x[/link] [/]",
    "\x1b[2J\x1b]0;owned\x07Eve",
    "\u202egnirts",
    "\u2028Eve",
)


NAMES = (
    "Ana Ruiz",
    "Bob Smith",
    "Cem Kaya",
    "Dora Weiß",
    "Emil Novak",
    "Finn Olsen",
    "Gina Rossi",
    "Hugo Blanc",
    "Ines Prado",
)


def hostile(project: Project) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "email", "company", "phone"])
    for number, (name, cell) in enumerate(zip(NAMES, HOSTILE, strict=True)):
        for _ in range(2):
            writer.writerow([name, f"{name.split()[0]}@{number}.example", cell, f"+4930123450{number}"])
    project.write("[red]hostile.csv", text.getvalue())


def test_hostile_cells_on_the_screen(project: Project) -> None:
    hostile(project)
    told = project.landbridge("try", "[red]hostile.csv", "--limit", "50").out
    assert "[red]hostile.csv" in told
    assert "[link=" in told, "markup is shown as it stands"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", told)


def test_hostile_cells_in_the_csv(project: Project) -> None:
    hostile(project)
    project.landbridge("try", "[red]hostile.csv", "--out", "out.csv")
    rows = list(csv.DictReader((project.home / "out.csv").open(encoding="utf-8", newline="")))
    assert len(rows) == 2 * len(HOSTILE)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if re.match(r"\s*[=@|%]", cell) or re.match(r"\s*[+-].*[^0-9 ().,/-]", cell)]
    assert not [cell for cell in cells if re.search(r"[\x00-\x1f\x7f\u202e\u2028]", cell)]
    assert {row["phone"] for row in rows} == {f"+4930123450{number}" for number in range(len(HOSTILE))}
    assert {row["rows_of_customer"] for row in rows} == {"2"}


@pytest.mark.parametrize(
    ("name", "content", "code", "expected"),
    [
        ("empty.csv", "", 65, "holds no row"),
        ("header.csv", "name,email\n", 65, "holds no row"),
        ("nobody.csv", "a,b\n1,2\n", 65, "--map email=COLUMN"),
        ("book.xlsx", b"PK\x03\x04\0\0zip", 65, "Save it as CSV"),
        ("noise.csv", bytes(range(256)), 65, "neither CSV, JSON Lines nor Parquet"),
        ("torn.parquet", b"PAR1xx", 65, "no whole Parquet file"),
        ("list.json", '[{"email": "a@b.example"}]', 65, "is JSON"),
    ],
)
def test_files_that_are_no_tables(project: Project, name: str, content: str | bytes, code: int, expected: str) -> None:
    project.write(name, content)
    assert expected in project.refuses("try", name, code=code)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nofile.csv"], "There is no file nofile.csv"),
        (["."], ". is a folder"),
        (["crm.csv", "--map", "email=Emial"], "There is no column 'Emial'"),
        (["crm.csv", "--map", "mail=email"], "There is no field 'mail'"),
        (["crm.csv", "--out", "nowhere/x.csv"], "There is no folder nowhere"),
    ],
)
def test_names_of_nothing(project: Project, words: list[str], expected: str) -> None:
    project.write("crm.csv", PEOPLE)
    assert expected in project.refuses("try", *words, code=66)


@pytest.mark.parametrize(
    "words",
    [
        ["--map", "email"],
        ["--map", "="],
        ["--map", "email="],
        ["--map", "email=phone", "--map", "phone=phone"],
        ["--region", "Germany"],
        ["--region", "ZZ"],
        ["--out", "crm.csv"],
    ],
)
def test_options_that_make_no_sense(project: Project, words: list[str]) -> None:
    project.write("crm.csv", PEOPLE)
    assert project.landbridge("try", "crm.csv", *words).code == 2
    assert (project.home / "crm.csv").read_text() == PEOPLE


def test_a_column_named_for_one_file_of_two(exports: Project) -> None:
    ended = exports.landbridge("try", "crm.csv", "kontakte.csv", "--map", "title=Firma", "--json")
    fields = {file["name"]: file["fields"] for file in ended.json["files"]}
    assert fields["kontakte.csv"]["title"] == ["Firma"]
    assert "title" not in fields["crm.csv"]


@pytest.mark.slow
def test_fifty_thousand_rows(project: Project) -> None:
    lines = (f"{n},Given{n % 911},Family{n % 30011},p{n % 40000}@example.com" for n in range(50_000))
    project.write("big.csv", "id,first name,last name,email\n" + "\n".join(lines))
    told = project.landbridge("try", "big.csv", "--out", "out.csv", "--limit", "1")
    assert told.code == 0
    assert "50,000 rows are" in told.out
    with (project.home / "out.csv").open() as out:
        assert sum(1 for _ in out) == 50_001
