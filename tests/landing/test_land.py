"""A page and its cursor commit together, twice is once, and one bad row stops nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import adbc_driver_manager
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Access, Checkpoint, Connector, Page, SourceChanged, SourceUnavailable, Stream
from landbridge.errors import AlreadyRunning, BooksUnbalanced
from landbridge.landing.land import Patience, land
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import running

QUICK = Patience(tries=3, longest=0.01, first=0.001)
Trouble = Callable[[int], None]


def a_system(rows: list[Any], page: int = 2, trouble: Trouble | None = None) -> Connector:
    """A system that lists its rows page by page; `trouble` may raise before the page at an offset."""

    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        for offset in range(checkpoint["offset"] if checkpoint else 0, len(rows), page):
            if trouble:
                trouble(offset)
            yield Page(stream, rows[offset : offset + page], {"offset": offset + page})

    return Connector("things", (Stream("things"),), (), read, lambda access: "ok")


def landed(store: Store, connector: Connector, patience: Patience = QUICK) -> Entry:
    """Land in a run of its own; the books' line."""
    with running(store, "sync", actor="tester") as run:
        land(run, connector, Access("things", ""), patience)
    return run.books.entries[0]


def query(store: Store, text: str) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def things(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": n, **more} for n in range(count)]


def test_twice_is_once(store: Store) -> None:
    first = landed(store, a_system(things(5)))
    query(store, "DELETE FROM cursor RETURNING 1")
    second = landed(store, a_system(things(5)))
    assert (first.taken, first.new) == (5, 5)
    assert (second.taken, second.new, second.changed, second.unchanged) == (5, 0, 0, 5)
    assert query(store, "SELECT count(*) FROM record") == [(5,)]


def test_every_version_is_kept_and_the_newest_is_the_head(store: Store) -> None:
    versions = [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}, {"id": 1, "v": "b"}, {"id": 1, "v": "a"}]
    entry = landed(store, a_system(versions, page=4))
    assert (entry.new, entry.changed, entry.unchanged) == (1, 2, 1)
    assert query(store, "SELECT payload::json->>'v' FROM record ORDER BY record_id") == [("a",), ("b",), ("a",)]
    assert query(store, "SELECT payload::json->>'v' FROM record_head JOIN record USING (record_id)") == [("a",)]


def test_a_broken_row_is_held_once_and_its_page_goes_on(store: Store) -> None:
    rows = [{"id": 1}, "broken", {"id": 2}]
    assert landed(store, a_system(rows, page=3)).held == 1
    query(store, "DELETE FROM cursor RETURNING 1")
    assert landed(store, a_system(rows, page=3)).held == 1
    assert query(store, "SELECT stage, reason, state FROM quarantine") == [
        ("land", "the row is str, not an object", "held")
    ]


def test_a_system_that_fails_now_and_then_is_read_to_its_end(store: Store) -> None:
    planned = [0, 0, 4, 8, 8]

    def trouble(offset: int) -> None:
        if planned and planned[0] == offset:
            planned.pop(0)
            raise SourceUnavailable("down")

    entry = landed(store, a_system(things(10), trouble=trouble))
    assert (entry.taken, entry.new) == (10, 10)
    assert planned == []


def test_a_system_that_stays_down_leaves_what_was_landed(store: Store) -> None:
    def trouble(offset: int) -> None:
        if offset == 4:
            raise SourceUnavailable("down")

    with pytest.raises(SourceUnavailable):
        landed(store, a_system(things(10), trouble=trouble))
    assert query(store, "SELECT count(*) FROM record") == [(4,)]
    assert query(store, "SELECT checkpoint FROM cursor") == [({"offset": 4},)]
    assert landed(store, a_system(things(10))).new == 6


def test_a_page_that_comes_at_every_try_is_no_getting_on(store: Store) -> None:
    """X's authors come before the posts that name them, with the cursor still where it was."""
    tries = []

    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        tries.append(checkpoint)
        assert len(tries) < 20, "it never gives up"
        yield Page(stream, [{"id": 1, "seen": len(tries)}], {"offset": 0})
        raise SourceUnavailable("down")

    with pytest.raises(SourceUnavailable):
        landed(store, Connector("things", (Stream("things"),), (), read, lambda access: "ok"))
    assert len(tries) == QUICK.tries


def test_a_record_that_the_database_did_not_take_is_missed_in_the_books(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.key = '3' THEN RETURN NULL; END IF; RETURN NEW; END $$""")
        )
        connection.execute(sa.text("CREATE TRIGGER lose BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION lose()"))
    with pytest.raises(BooksUnbalanced, match="5 in, but 4 new"):
        landed(store, a_system(things(5)))


@pytest.mark.parametrize("table", ["record", "record_head", "quarantine", "cursor"])
def test_a_page_that_fails_half_way_leaves_nothing_and_comes_again(store: Store, table: str) -> None:
    """Wherever in the page it breaks off: a cursor never stands without the records that it passed."""
    rows = [*things(2), "broken"]
    with store.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'disk full'; END $$""")
        )
        connection.execute(
            sa.text(f"CREATE TRIGGER fail AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fail()")
        )
    with pytest.raises(adbc_driver_manager.Error, match="disk full"):
        landed(store, a_system(rows, page=3))
    left = " + ".join(f"(SELECT count(*) FROM {name})" for name in ("record", "record_head", "quarantine", "cursor"))
    assert query(store, f"SELECT {left}") == [(0,)]
    with store.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER fail ON {table}"))
    entry = landed(store, a_system(rows, page=3))
    assert (entry.new, entry.held) == (2, 1)


@pytest.mark.parametrize(
    ("row", "error"), [("('other', 'things', '1')", None), ("('things', 'things', '1')", "pk_record_head")]
)
def test_what_another_lands_meanwhile_is_not_ours(store: Store, row: str, error: str | None) -> None:
    """Another account's records are left alone; our own account's, which the lock should have kept out, refuse ours."""
    with store.begin() as connection:
        connection.exec_driver_sql(
            f"""CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO record (account, stream, key, version, digest, run_id) SELECT *, 1, '', '' FROM
                (VALUES {row}) AS other;
                INSERT INTO record_head SELECT account, stream, key, record_id, version, digest FROM record
                WHERE digest = '' ; RETURN NULL; END $$"""
        )
        connection.exec_driver_sql(
            """CREATE TRIGGER meanwhile AFTER INSERT ON record FOR EACH STATEMENT
               WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION meanwhile()"""
        )
    if error:
        with pytest.raises(adbc_driver_manager.Error, match=error):
            landed(store, a_system(things(5), page=5))
        assert query(store, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM cursor)") == [(0, 0)]
    else:
        assert landed(store, a_system(things(5), page=5)).new == 5
        assert query(store, "SELECT account, count(*) FROM record_head GROUP BY 1 ORDER BY 2") == [
            ("other", 1),
            ("things", 5),
        ]


def test_a_connector_may_go_on_in_what_it_yielded(store: Store) -> None:
    """The next page is made while this one is stored: in the same list, and with the same cursor, of some."""

    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        rows, place = things(3), {"offset": 3}
        yield Page(stream, rows, place)
        rows.clear()
        place["offset"] = 1_000
        raise SourceChanged("something else")

    with pytest.raises(SourceChanged, match="something else"):
        landed(store, Connector("things", (Stream("things"),), (), read, lambda access: "ok"))
    assert query(store, "SELECT checkpoint, (SELECT count(*) FROM record) FROM cursor") == [({"offset": 3}, 3)]


@pytest.mark.parametrize("place", ["a\x00b", "\ud800", float("nan")])
def test_a_cursor_that_cannot_be_kept_is_told_and_the_page_comes_again(store: Store, place: Any) -> None:
    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        yield Page(stream, things(2), {"next": place})

    with pytest.raises(SourceChanged, match="things gave a place to go on from"):
        landed(store, Connector("things", (Stream("things"),), (), read, lambda access: "ok"))
    assert query(store, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM cursor)") == [(0, 0)]


def test_a_wait_longer_than_our_patience_is_left_to_the_next_run(store: Store) -> None:
    tries = []

    def trouble(offset: int) -> None:
        tries.append(offset)
        raise SourceUnavailable("come back in an hour", retry_after=3600)

    with pytest.raises(SourceUnavailable):
        landed(store, a_system(things(1), trouble=trouble))
    assert len(tries) == 1


def test_two_runs_on_one_account_exclude_each_other(store: Store) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.only_one("account things"):
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    inside.wait(10)
    try:
        with pytest.raises(AlreadyRunning), store.only_one("account things"):
            pytest.fail("two runs at once")
    finally:
        leave.set()
        other.join()
    with store.only_one("account things"):
        pass


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12),
    st.integers(1, 4),
    st.lists(st.integers(0, 11), max_size=4),
)
def test_wherever_it_breaks_off_nothing_is_lost_or_doubled(
    store: Store, versions: list[tuple[int, int]], page: int, breaks: list[int]
) -> None:
    """Cursors: a run cut off before any page, and run again, ends with the same versions as one that was not."""
    with store.begin() as connection:
        connection.execute(sa.text("TRUNCATE cursor, record_head, record, quarantine RESTART IDENTITY CASCADE"))
    rows = [{"id": key, "v": version} for key, version in versions]
    for cut in breaks:

        def trouble(offset: int, cut: int = cut) -> None:
            if offset >= cut:
                raise RuntimeError("killed")

        with running_quietly():
            landed(store, a_system(rows, page, trouble))
    landed(store, a_system(rows, page))
    expected: dict[int, list[int]] = {}
    for key, version in versions:
        if not expected.get(key) or expected[key][-1] != version:
            expected.setdefault(key, []).append(version)
    kept: dict[int, list[int]] = {}
    for key, version in query(store, "SELECT key::int, (payload::json->>'v')::int FROM record ORDER BY record_id"):
        kept.setdefault(key, []).append(version)
    assert kept == expected


class running_quietly:  # noqa: N801  # reads as the sentence it stands in
    """Swallows the one error that the test itself raises."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> bool:
        return kind is RuntimeError


def test_what_tells_only_part_is_laid_over_what_is_known(store: Store) -> None:
    """That somebody is gone takes away nothing of what they said, such as a refusal."""

    def system(partly: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Connector:
        def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
            yield Page(stream, rows, {"at": 1}, partly)

        return Connector("things", (Stream("things"),), (), read, lambda access: "ok")

    landed(store, system([], [{"id": 1, "opted_out": True}]))
    gone = [{"id": 1, "gone": True}, {"id": 2, "gone": True}]
    told = landed(store, system(gone, [{"id": 1, "opted_out": True}, {"id": 3}]))
    assert (told.taken, told.new, told.changed, told.unchanged) == (3, 1, 1, 1), "of what is not known nothing is kept"
    newest = "SELECT payload::jsonb FROM record_head h JOIN record r USING (record_id)"
    assert ({"id": 1, "opted_out": True, "gone": True},) in query(store, newest)
    again = landed(store, system(gone, []))
    assert (again.taken, again.changed, again.unchanged) == (1, 0, 1)
