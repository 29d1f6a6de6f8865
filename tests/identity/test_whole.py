"""The files of the kept base: what is looked up in them, and what becomes of them."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.identity.kept import whole
from landbridge.identity.kept.file import Kept
from landbridge.identity.kept.whole import TABLES, Whole

PEOPLE = 9
hashes = st.integers(0, 12)


def written(folder: Path, rows: list[tuple[int, int]]) -> Whole:
    """Nine profiles, and `rows` (hash, uid) in every other table."""
    table = {"hash": pa.array([h for h, _ in rows], pa.uint64()), "uid": pa.array([u for _, u in rows], pa.uint32())}
    whole.write(folder, "profile", pa.table({"profile_id": [f"p{n}" for n in range(PEOPLE)], "n": range(PEOPLE)}))
    for name in TABLES[1:]:
        whole.write(folder, name, pa.table(table))
    return Whole(folder, PEOPLE)


@given(
    rows=st.lists(st.tuples(hashes, st.integers(0, PEOPLE - 1)), max_size=30),
    asked=st.sets(hashes),
    gone=st.sets(st.integers(0, PEOPLE + 3)),
)
def test_what_is_looked_up_is_what_reading_through_would_find(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], asked: set[int], gone: set[int]
) -> None:
    base = written(tmp_path_factory.mktemp("whole"), sorted(rows))
    base.leave(np.array(sorted(gone), np.int64))
    found = base.having("key", np.array(list(asked), np.uint64)).to_pylist()
    assert [(row["hash"], row["uid"]) for row in found] == [
        r for r in sorted(rows) if r[0] in asked and r[1] not in gone
    ]
    there = base.profiles(np.arange(PEOPLE + 5), ["profile_id"]).to_pylist()
    assert there == [{"uid": n, "profile_id": f"p{n}"} for n in range(PEOPLE) if n not in gone]


def test_a_base_of_nobody(tmp_path: Path) -> None:
    base = written(tmp_path, [])
    whole.write(tmp_path, "profile", pa.table({"profile_id": pa.array([], pa.string())}))
    assert base.having("name", np.array([7], np.uint64)).num_rows == 0
    assert Whole(tmp_path, 0).profiles(np.arange(3)).to_pylist() == []


def test_a_column_in_many_pieces_is_written_as_one(tmp_path: Path) -> None:
    written(tmp_path, [])
    pieces = pa.concat_tables([pa.table({"profile_id": [f"p{n}"]}) for n in range(5)])
    whole.write(tmp_path, "profile", pieces)
    assert Whole(tmp_path, 5).profiles(np.array([1, 4]))["profile_id"].to_pylist() == ["p1", "p4"]


def test_a_file_that_is_missing_or_cut_short_is_told(tmp_path: Path) -> None:
    written(tmp_path, [(1, 1)])
    for table in TABLES:
        file = tmp_path / f"{table}.arrow"
        whole_file = file.read_bytes()
        file.write_bytes(whole_file[: len(whole_file) // 2])
        with pytest.raises(pa.ArrowInvalid):
            Whole(tmp_path, PEOPLE)
        file.unlink()
        with pytest.raises(FileNotFoundError):
            Whole(tmp_path, PEOPLE)
        file.write_bytes(whole_file)
    assert Whole(tmp_path, PEOPLE).size == PEOPLE


def test_a_table_in_pieces_or_without_some_of_its_rows_is_told(tmp_path: Path) -> None:
    """Whoever is not in the first piece would be found no more, and nobody would see it."""
    written(tmp_path, [(1, 1), (2, 2)])
    with pytest.raises(pa.ArrowInvalid, match="9 profiles instead of 10"):
        Whole(tmp_path, PEOPLE + 1)
    for table in TABLES:
        file = tmp_path / f"{table}.arrow"
        in_one = file.read_bytes()
        rows = pa.ipc.open_file(in_one).read_all()
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows, max_chunksize=1)
        with pytest.raises(pa.ArrowInvalid, match=f"{table}.arrow is in {rows.num_rows} pieces"):
            Whole(tmp_path, PEOPLE)
        file.write_bytes(in_one)
    assert Whole(tmp_path, PEOPLE).size == PEOPLE


def test_where_there_is_no_room_nothing_is_kept(tmp_path: Path) -> None:
    """Neither what was begun nor what stood there: it holds personal values, and takes the room."""
    (tmp_path / "base").mkdir()

    def full(folder: Path) -> None:
        (folder / "profile.arrow").write_bytes(b"begun")
        raise OSError(errno.ENOSPC, "no space")

    with Kept(tmp_path) as kept:
        kept.anew()
        kept.keep(full)
        kept.commit()
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_is_no_want_of_room(tmp_path: Path) -> None:
    def wrong(folder: Path) -> None:
        duckdb.sql("FROM nothing")

    with Kept(tmp_path) as kept, pytest.raises(duckdb.CatalogException):
        kept.anew()
        kept.keep(wrong)


def test_what_an_earlier_version_kept_is_removed(tmp_path: Path) -> None:
    for name in ("base.duckdb", "base.duckdb.wal"):
        (tmp_path / name).write_text("personal values")
    with Kept(tmp_path) as kept:
        kept.anew()
        kept.keep(lambda folder: None)
        kept.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
