"""`landbridge identity evaluate` with labelled tables as people have them, and as they should not be."""

from __future__ import annotations

import json
import time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landbridge.cli import identity_file
from tests.cli.conftest import Ended, Project
from tests.cli.test_try import NAMES

PEOPLE = """rec,first_name,surname,dob,mail,street_number,street_name,zip,town,cluster
1,Robert,Stone,03/25/1980,bob.stone@gmail.com,12,Mill Lane,02134,Leeds,a
2,Bob,Stone,03/25/1980,bobstone@gmail.com,12,Mill Lane,02134,Leeds,a
3,Anna,Weiss,04/03/1991,anna.weiss@posteo.example,7,High Street,00501,York,b
4,Anna,Weiss,04/03/1991,anna.weiss@posteo.example,7,High Street,00501,York,b
5,Cem,Kaya,12/31/1975,,,,,,c
6,,,,,,,,,c
7,Dora,Blanc,01/02/1990,dora@blanc.example,,,,,
"""


def measured(ended: Ended) -> Any:
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.json


def evaluated(project: Project, content: str | bytes, *words: str, name: str = "people.csv") -> Any:
    project.write(name, content)
    return measured(project.landbridge("identity", "evaluate", name, "--truth", "cluster", *words, "--json"))


def test_a_labelled_csv(project: Project) -> None:
    told = evaluated(project, PEOPLE, "--map", "street=street_number+street_name")
    assert (told["rows"], told["unlabelled"], told["scores"]["labelled"]) == (7, 1, 6)
    assert (told["scores"]["people"], told["scores"]["true_pairs"]) == (3, 3)
    assert (told["scores"]["precision"], told["scores"]["recall"]) == (1.0, pytest.approx(2 / 3))
    assert told["fields"] == {
        "given_name": ["first_name"],
        "family_name": ["surname"],
        "birth_date": ["dob"],
        "email": ["mail"],
        "postcode": ["zip"],
        "city": ["town"],
        "street": ["street_number", "street_name"],
    }
    assert told["left"] == ["rec"]
    assert {"wall_s", "cpu_s", "peak_mb"} <= set(told)


def test_for_people(project: Project) -> None:
    project.write("[red]p.csv", PEOPLE)
    words = ("identity", "evaluate", "[red]p.csv", "--truth", "cluster", "--map", "street=street_number+street_name")
    told = project.landbridge(*words).out
    assert "[red]p.csv: 7 rows" in told
    assert "1 without a truth: compared like the others, and left out of the score" in told
    assert "1 say nothing of a person: left alone" in told
    assert "street         ← street_number + street_name" in told
    assert "truth          ← cluster (hidden)" in told
    assert [line.split() for line in told.splitlines() if line.startswith("pairs")] == [
        ["pairs", "1.0000", "0.6667", "0.8000"]
    ]


def labels(count: int) -> list[str]:
    return [f"p{n // 2}" for n in range(count)]


@pytest.mark.parametrize("column", ["true_person", "cluster_2", "entity_id", "email_label", "person_uuid"])
def test_what_gives_the_answer_away_is_never_evidence(project: Project, column: str) -> None:
    """Mail addresses that say who is whom, in a column that is called like a label or an id."""
    names = NAMES[:8]
    leak = [f"person{n // 2}@answer.example" for n in range(8)]
    pq.write_table(pa.table({"name": names, column: leak, "truth": labels(8)}), project.home / "leak.parquet")
    told = measured(project.landbridge("identity", "evaluate", "leak.parquet", "--truth", "truth", "--json"))
    assert column in told["left"]
    assert told["scores"]["recall"] == 0.0


@pytest.mark.parametrize(
    ("column", "leak"),
    [
        ("person", [f"P{n // 2:07}" for n in range(8)]),
        ("contact", [f"{n // 2:07}" for n in range(8)]),
        ("twitter_id", [f"twit{'abcd'[n // 2]}" for n in range(8)]),
        ("name_2", labels(8)),
    ],
)
def test_ids_are_no_evidence_whatever_their_column_is_called(project: Project, column: str, leak: list[str]) -> None:
    table = pa.table({"family_name": [name.split()[-1] for name in NAMES[:8]], column: leak, "truth": labels(8)})
    pq.write_table(table, project.home / "leak.parquet")
    told = project.landbridge("identity", "evaluate", "leak.parquet", "--truth", "truth", "--json").json
    assert column in told["left"]
    assert told["scores"]["recall"] == 0.0


def test_a_second_copy_of_the_truth_is_no_evidence(project: Project) -> None:
    people = [f"{name} Wanderer" for name in "Anna Bert Clara Dirk".split() for _ in "ab"]  # noqa: SIM905
    table = pa.table({"company": ["Acme", "Umbrella"] * 4, "full name": people, "who": people})
    pq.write_table(table, project.home / "leak.parquet")
    ended = project.landbridge("identity", "evaluate", "leak.parquet", "--truth", "who", "--json")
    assert ended.json["copies"] == ["full name"]
    assert "'full name' says of every row what 'who' says: left out" in ended.err


SPELLINGS = {
    "case": lambda n: f"Kim{chr(65 + n % 26)}".upper() + chr(65 + n // 26),
    "number": lambda n: f"{n:05}",
    "another id": lambda n: f"acct {'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_truth_in_another_spelling_is_no_evidence(spelling: str, tmp_path: Any) -> None:
    """Whatever it is called and however it is written; whoever knows better keeps it, or names what it is."""
    people = [n // 3 for n in range(120)]
    leak = [SPELLINGS[spelling](n) for n in people]
    phones = [f"+4420794{n:05}" for n in people]
    phones[7] = "+442079499999"  # as in life, somebody has another one
    path = tmp_path / "leak.parquet"
    pq.write_table(
        pa.table({"company": leak, "email": leak, "phone": phones, "who": [f"kim{n}" for n in people]}), path
    )
    read = identity_file.read_labelled(path, "who", {}, None)
    assert (read.copies, read.fields) == (["company", "email"], {"phone": ["phone"]})
    kept = identity_file.read_labelled(path, "who", {"company": ["company"]}, None, keep=["email"])
    assert (kept.copies, set(kept.fields)) == ([], {"company", "email", "phone"})


@pytest.mark.parametrize(
    ("people", "change"),
    [
        (40, {5: "slip@acme.example"}),
        (40, dict.fromkeys((3, 4, 5), "p30@acme.example")),
        (40, dict.fromkeys(range(0, 20), "")),
        (10, {}),
        (40, {}),
    ],
    ids=[
        "another address of one person",
        "one address of two people",
        "one in six says nothing",
        "few people",
        "clean",
    ],
)
def test_a_column_that_nearly_tells_people_apart_is_evidence(
    people: int, change: dict[int, str], tmp_path: Any
) -> None:
    rows = [n // 3 for n in range(3 * people)]
    mails = [change.get(n, f"p{person}@acme.example") for n, person in enumerate(rows)]
    own = {
        "phone": [f"020 7944 {person:04}" for person in rows],
        "name": [f"Kim {chr(65 + n % 26)}{chr(65 + n // 26)}" for n in rows],
    }
    path = tmp_path / "fine.parquet"
    pq.write_table(pa.table({"email": mails, "who": rows, **own}), path)
    read = identity_file.read_labelled(path, "who", {}, None)
    assert (read.copies, set(read.fields)) == ([], {"email", "phone", "full_name"})


def test_the_truth_is_not_kept_as_evidence(project: Project) -> None:
    project.write("people.csv", PEOPLE)
    words = ("identity", "evaluate", "people.csv", "--truth", "cluster", "--keep")
    assert project.landbridge(*words, "cluster").code == 2
    assert "There is no column 'crm'" in project.refuses(*words, "crm", code=66)


def test_a_kept_column_that_is_no_field_is_not_passed_over(project: Project) -> None:
    """Another system's number of a person is no evidence, whatever somebody wants kept; named a field it is one."""
    project.write("people.csv", "name,crm_id,who\nAnn Lee,003A,1\nA. Lee,003A,1\n")
    words = ("identity", "evaluate", "people.csv", "--truth", "who")
    assert "--map FIELD=crm_id" in project.refuses(*words, "--keep", "crm_id", code=65)
    named = measured(project.landbridge(*words, "--keep", "crm_id", "--map", "handle:crm=crm_id", "--json"))
    assert named["fields"] == {"full_name": ["name"], "handle:crm": ["crm_id"]}


def test_a_house_number_in_its_own_column_belongs_to_the_street(tmp_path: Any) -> None:
    path = tmp_path / "kunden.csv"
    path.write_text("Nachname;Straße;Hausnummer;PLZ;wer\nLee;Mühlweg;12;04668;1\nLee;Mühlweg;;04668;2\n")
    read = identity_file.read_labelled(path, "wer", {}, None)
    assert read.fields["street"] == ["Hausnummer", "Straße"]
    assert read.profiles["street"].to_pylist() == ["12 Mühlweg", "Mühlweg"]
    told = identity_file.read_labelled(path, "wer", {"street": ["Straße"]}, None)
    assert (told.fields["street"], told.left) == (["Straße"], ["Hausnummer"])


def test_bytes_are_told_and_refused_where_they_are_named(project: Project) -> None:
    table = pa.table({"name": NAMES[:2], "email": [b"a@b.example", b"c@d.example"], "truth": labels(2)})
    pq.write_table(table, project.home / "raw.parquet")
    words = ("identity", "evaluate", "raw.parquet", "--truth", "truth")
    assert measured(project.landbridge(*words, "--json"))["bytes"] == ["email"]
    assert "bytes, which nobody can compare: email" in project.landbridge(*words).out
    assert "holds bytes" in project.refuses(*words, "--map", "email=email", code=65)


def test_a_cell_of_ten_megabytes_is_told(project: Project) -> None:
    project.write("big.csv", "name,truth\n" + "x" * 10_500_000 + ",1\nAnna Weiss,2\nAnna Weiss,2\n")
    told = project.landbridge("identity", "evaluate", "big.csv", "--truth", "truth")
    assert "unreadable and left out: no whole row, or longer than 1 MB" in told.out
    assert "2 rows" in told.out


def test_the_truth_is_never_evidence(project: Project) -> None:
    names = NAMES[:8]
    leak = [f"person{n // 2}@answer.example" for n in range(8)]
    pq.write_table(pa.table({"name": names, "email": leak}), project.home / "leak.parquet")
    told = measured(project.landbridge("identity", "evaluate", "leak.parquet", "--truth", "email", "--json"))
    assert told["scores"]["recall"] == 0.0
    refused = project.landbridge("identity", "evaluate", "leak.parquet", "--truth", "email", "--map", "email=email")
    assert refused.code == 2


DATES = {
    "us": ["03/04/1980", "3/4/1980", "12/25/1990", "12/25/1990"],
    "european": ["04.03.1980", "4.3.1980", "25.12.1990", "25.12.1990"],
    "slashed": ["04/03/1980", "4/3/1980", "25/12/1990", "25/12/1990"],
    "digits": ["19800304", "1980-03-04", "19901225", "19901225"],
    "words": ["4 Mar 1980", "March 4, 1980", "25 Dec 1990", "25 Dec 1990"],
}


@pytest.mark.parametrize("written", DATES)
def test_birth_dates_are_read_as_their_whole_column_writes_them(written: str, tmp_path: Any) -> None:
    from landbridge.cli.identity_file import read_labelled

    path = tmp_path / "born.csv"
    path.write_text("dob;who\n" + "\n".join(f"{date};{n}" for n, date in enumerate(DATES[written])))
    read = read_labelled(path, "who", {}, None)
    assert read.profiles["birth_date"].to_pylist() == ["1980-03-04", "1980-03-04", "1990-12-25", "1990-12-25"]


@pytest.mark.parametrize("order", ["year+month+day", "day+month+year", "month+day+year"])
def test_a_birth_date_in_three_columns(order: str, tmp_path: Any) -> None:
    from landbridge.cli.identity_file import read_labelled

    path = tmp_path / "born.csv"
    path.write_text("day,month,year,who\n4,3,1980,a\n05,Mar,1980,a\n,3,1980,b\n")
    read = read_labelled(path, "who", {"birth_date": order.split("+")}, None)
    assert read.profiles["birth_date"].to_pylist() == ["1980-03-04", "1980-03-05"]


def test_numbers_keep_what_was_written(tmp_path: Any) -> None:
    from landbridge.cli.identity_file import read_labelled

    path = tmp_path / "zip.csv"
    path.write_text("zip,phone,who\n02134,0171 123,a\n00501,0,b\n")
    assert read_labelled(path, "who", {}, None).profiles["postcode"].to_pylist() == ["02134", "00501"]
    pq.write_table(pa.table({"zip": [2134.0, None, 501.0], "dob": [19800304, None, 19901225], "who": [1, 1, 2]}), path)
    parquet = path.rename(tmp_path / "zip.parquet")
    read = read_labelled(parquet, "who", {}, None)
    assert read.profiles["postcode"].to_pylist() == ["2134", "501"]
    assert read.profiles["birth_date"].to_pylist() == ["1980-03-04", "1990-12-25"]
    assert read.truth["person"].to_pylist() == ["1", "1", "2"]


def test_columns_that_are_recognised_as_one_thing(tmp_path: Any) -> None:
    """The parts of a street make one; of two names, dates or towns the first that says something counts."""
    from landbridge.cli.identity_file import read_labelled

    header = "name,display name,date of birth,dob,road name,address_1,street_number,city,town,email,mail2,who"
    rows = [
        "Ann Lee,Annie,,4 Mar 1980,,Mill Lane,12,,Leeds,a@b.example,c@d.example,1",
        ",Bo Li,1990-01-02,x,,,,York,,,,2",
    ]
    path = tmp_path / "many.csv"
    path.write_text("\n".join([header, *rows]))
    first, second = read_labelled(path, "who", {}, None).profiles.to_pylist()
    assert (first["full_name"], first["birth_date"], first["street"]) == ("Ann Lee", "1980-03-04", "12 Mill Lane")
    assert (first["city"], first["email"]) == ("Leeds", ["a@b.example", "c@d.example"])
    assert (second["full_name"], second["birth_date"], second["city"]) == ("Bo Li", "1990-01-02", "York")


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--truth", "klasse"], 66, "There is no column 'klasse'"),
        (["--truth", "cluster", "--map", "street=street_no"], 66, "Did you mean 'street_name'? The columns are: rec,"),
        (["--truth", "cluster", "--map", "strasse=street_name"], 66, "There is no field 'strasse'"),
        (["--truth", "cluster", "--map", "emial=mail"], 66, "Did you mean 'email'? Ours are: full_name,"),
        (["--truth", "cluster", "--map", "reference=rec"], 66, "There is no field 'reference'"),
    ],
)
def test_names_of_nothing(project: Project, words: list[str], code: int, expected: str) -> None:
    project.write("people.csv", PEOPLE)
    assert expected in project.refuses("identity", "evaluate", "people.csv", *words, code=code)


@pytest.mark.parametrize(
    "words",
    [
        ["--map", "email"],
        ["--map", "street=street_number+"],
        ["--map", "email=mail", "--map", "city=mail"],
        ["--map", "street=zip+zip"],
        ["--map", "street=cluster"],
        ["--region", "ZZ"],
    ],
)
def test_options_that_make_no_sense(project: Project, words: list[str]) -> None:
    project.write("people.csv", PEOPLE)
    assert project.landbridge("identity", "evaluate", "people.csv", "--truth", "cluster", *words).code == 2


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", "", "holds no row"),
        ("header.csv", "name,cluster\n", "holds no row"),
        ("one_column.csv", "cluster\n1\n2\n", "says anything about a person"),
        ("no_truth.csv", "name,cluster\nAnna Weiss,\n", "Column 'cluster' is empty"),
        ("nul.csv", b"name,cluster\nAn\0na,1\n", "neither CSV, JSON Lines nor Parquet"),
        ("torn.parquet", b"PAR1xx", "no whole Parquet file"),
    ],
)
def test_files_that_are_no_labelled_tables(project: Project, name: str, content: str | bytes, expected: str) -> None:
    project.write(name, content)
    assert expected in project.refuses("identity", "evaluate", name, "--truth", "cluster", code=65)


@pytest.mark.parametrize(
    ("content", "labelled", "identities"),
    [
        ("name,cluster\nAnna Weiss,1\n", 1, 1),
        ("name;name;cluster\nÄnne Weiß;x;1\nÄnne Weiß;y;1\nOle Sørby;x;2\n".encode("latin-1"), 3, 2),
        ("\ufeffname;cluster\nAnna Weiss;1\nAnna Weiss;1\nOle Berg;2\n".encode(), 3, 2),
        ("name,cluster\nAnna Weiss,1\nAnna Weiss,1\nOle Berg,2\n".encode("utf-16"), 3, 2),
        ("name,email,cluster\n" + "x" * 10_000 + ",a@b.example,1\n[bold]E[/],a@b.example,2\n", 2, 2),
        ("name,phone,cluster\n" + "".join(f"N/A,000-000,{n}\n" for n in range(50)), 50, 50),
    ],
    ids=["one row", "latin-1, a name twice", "byte-order mark", "utf-16", "10 kB cell", "placeholders"],
)
def test_odd_files_work(project: Project, content: str | bytes, labelled: int, identities: int) -> None:
    scores = evaluated(project, content)["scores"]
    assert (scores["labelled"], scores["identities"]) == (labelled, identities)
    assert scores["precision"] == scores["recall"] == 1.0


def test_parquet_with_odd_columns(project: Project) -> None:
    table = pa.table(
        [
            pa.array(["Anna Weiss", "Anna Weiss"]).dictionary_encode(),
            pa.array([["a@b.example", "c@d.example"], ["c@d.example"]]),
            pa.array([{"x": 1}, {"x": 2}]),
            pa.array([b"\x00", b"\xff"]),
            pa.array([None, None]),
            pa.array([1.5, float("nan")]),
            pa.array([7, 7]),
        ],
        names=["name", "email", "address", "phone", "company", "city", "cluster"],
    )
    pq.write_table(table, project.home / "odd.parquet")
    told = measured(project.landbridge("identity", "evaluate", "odd.parquet", "--truth", "cluster", "--json"))
    assert told["scores"]["recall"] == 1.0


def test_what_is_said_of_a_network(project: Project) -> None:
    rows = [
        {"net": net, "who_there": name, "cluster": person}
        for net, name, person in [("X", "@albert_lindau77", 1), ("x", "albert_lindau77", 1), ("GitHub", "kaya", 2)]
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    told = evaluated(project, lines, "--map", "handle=net+who_there", name="p.jsonl")
    assert told["fields"] == {"handle": ["net", "who_there"]}
    assert (told["scores"]["identities"], told["scores"]["precision"]) == (2, 1.0)
    named = lines.replace("net", "social_platform").replace("who_there", "social_handle")
    assert evaluated(project, named, name="q.jsonl")["fields"] == {"handle": ["social_platform", "social_handle"]}


@pytest.mark.slow
def test_a_hundred_thousand_rows(project: Project) -> None:
    lines = (f"Given{n % 911},Family{n % 30011},p{n % 60000}@example.com,{n % 60000}" for n in range(110_000))
    told = evaluated(project, "first name,last name,email,cluster\n" + "\n".join(lines), "--keep", "email")
    assert told["scores"]["labelled"] == 110_000


def test_a_truth_that_is_no_number_is_no_person(project: Project) -> None:
    table = pa.table({"name": list("abcd"), "email": [f"{n}@acme.example" for n in "abcd"]})
    pq.write_table(
        table.append_column("who", pa.array([1.0, 1.0, float("nan"), float("nan")])), project.home / "t.parquet"
    )
    told = measured(project.landbridge("identity", "evaluate", "t.parquet", "--truth", "who", "--json"))
    assert (told["unlabelled"], told["scores"]["people"], told["scores"]["true_pairs"]) == (2, 1, 1)


@pytest.mark.parametrize("truth", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"1", b"2"]])
def test_a_truth_that_names_nobody_is_told(project: Project, truth: list[Any]) -> None:
    pq.write_table(pa.table({"email": ["a@acme.example", "b@acme.example"], "who": truth}), project.home / "t.parquet")
    ended = project.landbridge("identity", "evaluate", "t.parquet", "--truth", "who")
    assert ended.code == 65
    assert "The truth is of type" in ended.err


def test_very_many_columns_are_told_apart_in_time() -> None:
    names = [*("x",) * 3, "", *(f"c{number}" for number in range(50_000)), "x", "x_2"]
    table = pa.table([pa.nulls(1)] * len(names), names)
    began = time.process_time()
    told = identity_file._told_apart(table).column_names
    assert time.process_time() - began < 5
    assert (told[:4], told[-2:]) == (["x", "x_2", "x_3", "column_4"], ["x_4", "x_2_2"])
