"""Whatever people export, every row of it comes: as a row, or as the bytes that could not be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Access, AccessRefused, Checkpoint, Page, SourceChanged, SourceUnavailable
from connectors.files import CONNECTOR, PAGE_ROWS, read_table
from connectors.files_csv import LONGEST_LINE, encoding
from connectors.files_tables import rows
from tests.connectors.conformance import Contract


def pages(folder: Path, checkpoint: Checkpoint | None = None, **options: Any) -> list[Page]:
    return list(CONNECTOR.read(Access("files", "", options={"folder": str(folder), **options}), "rows", checkpoint))


def all_rows(some: list[Page]) -> list[Any]:
    return [row for page in some for row in page.rows]


def write(path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-32", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_dialect_gives_the_same_rows(tmp_path: Path, code: str, mark: str, end: str) -> None:
    text = end.join(
        [f"id{mark}full name", f'1{mark}"Zoë{mark} ""Z"""', f'2{mark}"two{end}lines"', "", f"3{mark}Straße", ""]
    )
    raw = b"\xfe\xff" + text.encode("utf-16-be") if code == "utf-16-be-bom" else text.encode(code)
    assert list(rows(write(tmp_path / "a.csv", raw))) == [
        {"id": "1", "full name": f'Zoë{mark} "Z"'},
        {"id": "2", "full name": f"two{end}lines"},
        {"id": "3", "full name": "Straße"},
    ]


def test_bytes_that_no_code_page_knows_are_still_read(tmp_path: Path) -> None:
    """0x81 is nothing in Windows-1252; Latin-1 knows every byte."""
    path = write(tmp_path / "a.csv", b"id,name\n1,Z\xf6\x81\n")
    assert encoding(path) == "latin-1"
    assert list(rows(path)) == [{"id": "1", "name": "Zö\x81"}]


def test_broken_lines_come_as_their_bytes_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"id,name\n1,Ann\n2,Bob,extra\n3\n4,Dan\n")
    assert list(rows(path)) == [{"id": "1", "name": "Ann"}, b"2,Bob,extra\n", b"3\n", {"id": "4", "name": "Dan"}]
    lines = write(tmp_path / "b.jsonl", b'{"id": 1}\n{"id": \n[1]\n\n{"id": 2}')
    assert list(rows(lines)) == [{"id": 1}, b'{"id": \n', b"[1]\n", {"id": 2}]


def test_a_stray_quote_costs_a_bounded_part_of_the_file(tmp_path: Path) -> None:
    filler = "".join(f"{n},name\n" for n in range(300_000))
    path = write(tmp_path / "a.csv", f'id,name\n1,"never closed\n{filler}last,Ann\n')
    found = list(rows(path))
    assert found[-1] == {"id": "last", "name": "Ann"}
    assert max(len(row) for row in found if isinstance(row, bytes)) < 2 * LONGEST_LINE


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_huge_line_comes_in_bounded_pieces(tmp_path: Path, name: str) -> None:
    """Not even when a piece of it looks like a row."""
    huge = b"x" * (LONGEST_LINE * 2) + b"1,2\n"
    good = b"1,Ann\n" if name == "a.csv" else b'{"id": "1", "name": "Ann"}\n'
    path = write(tmp_path / name, (b"id,name\n" if name == "a.csv" else b"") + huge + good)
    found = list(rows(path))
    assert found[-1] == {"id": "1", "name": "Ann"}
    assert b"".join(row for row in found if isinstance(row, bytes)) == huge


def test_headers_that_are_empty_or_twice_get_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "name,,name\nAnn,x,Bee\n")
    assert list(rows(path)) == [{"name": "Ann", "column_2": "x", "name_2": "Bee"}]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_an_empty_file_has_no_rows(tmp_path: Path, name: str) -> None:
    assert list(rows(write(tmp_path / name, b""))) == []


def test_parquet_comes_as_json_can_hold_it(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "born": date(1980, 2, 29),
        "sum": Decimal("1.50"),
        "raw": b"\x00\x01",
        "tags": ["a"],
        "x": float("nan"),
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert list(rows(tmp_path / "a.parquet")) == [
        {"id": 1, "born": "1980-02-29", "sum": "1.50", "raw": "0001", "tags": ["a"], "x": None}
    ]
    with pytest.raises(SourceChanged, match=r"b\.parquet"):
        list(rows(write(tmp_path / "b.parquet", b"PAR1 not really")))


@given(st.binary(max_size=400))
def test_no_bytes_at_all_break_the_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(raw)
    try:
        assert all(isinstance(row, dict | bytes) for row in rows(path))
    except SourceChanged:
        assert (
            raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw[:4] == b"\x00\x00\xfe\xff"
        )  # promised UTF-16 or 32, and lied


def test_resume_after_any_page_loses_nothing(tmp_path: Path) -> None:
    lines = "".join(f"{n},Ann\n" for n in range(PAGE_ROWS * 2 + 7))
    write(tmp_path / "a.csv", "id,name\n" + lines)
    write(tmp_path / "b.jsonl", '{"id": "1"}\n')
    whole = pages(tmp_path)
    assert len(all_rows(whole)) == PAGE_ROWS * 2 + 8
    for number, page in enumerate(whole, 1):
        assert all_rows(whole[:number]) + all_rows(pages(tmp_path, page.checkpoint)) == all_rows(whole)


def test_a_second_run_reads_only_what_changed(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,name\n1,Ann\n")
    write(tmp_path / "b.csv", "id,name\n1,Bob\n")
    last = pages(tmp_path)[-1].checkpoint
    assert pages(tmp_path, last) == []
    write(tmp_path / "b.csv", "id,name\n1,Bobby\n")
    assert [row["name"] for row in all_rows(pages(tmp_path, last))] == ["Bobby"]


@pytest.mark.parametrize(
    ("text", "options", "keys"),
    [
        ("ID,email\n7,a@x.example\n8,a@x.example\n", {}, ["a.csv:7", "a.csv:8"]),
        ("id,email\n7,a@x.example\n7,b@x.example\n", {}, ["a.csv:a@x.example", "a.csv:b@x.example"]),
        ("id,email\n7,a@x.example\n7,a@x.example\n", {}, ["a.csv:1", "a.csv:2"]),
        ("name\nAnn\nAnn\n", {}, ["a.csv:1", "a.csv:2"]),
        ("no,name\n7,Ann\n7,Anna\n,Bob\n", {"key": "no"}, ["7", "7", "a.csv:3"]),
    ],
)
def test_rows_that_share_a_value_never_swallow_each_other(
    tmp_path: Path, text: str, options: dict[str, Any], keys: list[str]
) -> None:
    """Unless the owner said that the column names the record."""
    write(tmp_path / "a.csv", text)
    assert [row["_key"] for row in all_rows(pages(tmp_path, **options))] == keys


def test_a_table_is_text_and_counts_what_it_left_out(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.jsonl", '{"id": 1, "a": [1]}\n{"b": null, "id": "x"}\nnope\n'))
    assert table.to_pydict() == {"id": ["1", "x"], "a": ["[1]", None], "b": [None, None]}
    assert table.schema.metadata == {b"broken": b"1"}
    assert read_table(write(tmp_path / "b.csv", "id,name\n")).num_rows == 0


def test_folders_that_are_not_there_or_not_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="nowhere"):
        pages(tmp_path / "nowhere")
    with pytest.raises(AccessRefused, match="names no folder"):
        list(CONNECTOR.read(Access("mine", ""), "rows", None))
    write(tmp_path / ".hidden.csv", "id\n1\n")
    write(tmp_path / "~$open.csv", "id\n1\n")
    write(tmp_path / "notes.docx", "x")
    assert pages(tmp_path) == []
    assert CONNECTOR.check(Access("mine", "", options={"folder": str(tmp_path)})) == "Files: 0 to read."


class TestFiles(Contract):
    system = "files"
    streams = ("rows",)

    @pytest.fixture
    def access(self, tmp_path: Path) -> Access:
        for name in ("a", "b", "c"):
            write(tmp_path / f"{name}.csv", "id,email\n" + "".join(f"{n},{name}{n}@x.example\n" for n in range(1200)))
        return Access("files", "", options={"folder": str(tmp_path)})


def test_a_header_that_never_ends_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"id,name\n' + "1,Ann\n" * 400_000)
    with pytest.raises(SourceChanged, match=r"a\.csv is no text that can be read"):
        list(rows(path))
