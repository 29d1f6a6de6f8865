"""What changed, resolved against what is kept: the same as if everything had been looked at, for less."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import landbridge
from landbridge.identity.clustering import LARGEST
from landbridge.identity.features import shared
from landbridge.identity.kept import file
from landbridge.identity.kept.file import SINCE, Kept
from landbridge.identity.model import default_model
from landbridge.identity.stage import resolve
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import running
from tests.conftest import fresh_database
from tests.identity.kept_base import as_stored, as_whole
from tests.identity.test_stage import decide, links, put, rows

STILL = "what changed"
GIVEN = ("Anna", "Annie", "Bert", "Robert", "J", None)
FAMILY = ("Lindqvist", "Okafor", "Smith-Jones", None)
EMAIL = ("anna.lindqvist@posteo.example", "bertokafor@posteo.example", "bert@gmail.com", "info@acme.example")
PHONE = ("+442079460111", "+442079460222", "+46855512345")
IDS = tuple(f"{system}/users/{n}" for system in ("crm", "zendesk") for n in range(7))


def resolved(store: Store, folder: Path) -> tuple[Entry, str]:
    """One run: its books, and how it resolved."""
    with running(store, "resolve", actor="tester") as run:
        resolve(run, default_model(), folder)
    return run.books.entries[0], rows(store, f"SELECT versions->>'resolved' FROM run WHERE run_id = '{run.run_id}'")[0][
        0
    ]


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    """What a profile may say: few values, so that they meet."""
    values = {
        "given_name": draw(st.sampled_from(GIVEN)),
        "family_name": draw(st.sampled_from(FAMILY)),
        "email": draw(st.lists(st.sampled_from(EMAIL), max_size=2, unique=True)),
        "phone": draw(st.lists(st.sampled_from(PHONE), max_size=1)),
        "birth_date": draw(st.sampled_from(("1980-03-04", "1980-04-03", None, None))),
        "reference": draw(st.lists(st.sampled_from(IDS), max_size=1)) if draw(st.integers(0, 4)) == 0 else [],
    }
    return {name: value for name, value in values.items() if value}


profile = st.sampled_from(IDS)
pair = st.lists(profile, min_size=2, max_size=2, unique=True)
event = st.one_of(
    st.tuples(st.just("put"), profile, said()),
    st.tuples(st.just("put"), profile, said()),
    st.tuples(st.just("gone"), profile, st.none()),
    st.tuples(st.just("decide"), pair, st.sampled_from(("same", "different"))),
    st.tuples(st.just("withdraw"), st.none(), st.none()),
)


def happen(store: Store, what: str, about: Any, how: Any) -> None:
    """One event of a drawn story."""
    if what == "put":
        put(store, about, how)
    elif what == "gone" and rows(store, f"SELECT 1 FROM profile WHERE profile_id = '{about}'"):
        put(store, about, {}, gone=True)
    elif what == "decide" and not _standing(store, about):
        decide(store, *about, how)
    elif what == "withdraw":
        with store.begin() as connection:
            connection.execute(
                sa.text("""UPDATE decision SET withdrawn_at = now(), applied = false
                WHERE decision_id = (SELECT max(decision_id) FROM decision WHERE withdrawn_at IS NULL)""")
            )


def _standing(store: Store, both: list[str]) -> bool:
    left, right = sorted(both)
    where = f"left_id = '{left}' AND right_id = '{right}' AND withdrawn_at IS NULL"
    return bool(rows(store, f"SELECT 1 FROM decision WHERE {where}"))


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small bases change by more than a tenth at every turn; here that shall not matter."""
    monkeypatch.setattr(file, "TENTH", 0)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    first=st.lists(said(), min_size=6, max_size=len(IDS)),
    turns=st.lists(st.lists(event, min_size=1, max_size=4), max_size=3),
)
def test_any_story_in_any_steps_comes_to_the_same_as_all_at_once(
    server: str, template: str, never_whole: None, tmp_path_factory: pytest.TempPathFactory, first: Any, turns: Any
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    with fresh_database(server, template) as uri:
        store = Store(uri)
        for name, values in zip(IDS, first, strict=False):
            put(store, name, values)
        resolved(store, folder)
        for turn in turns:
            for one in turn:
                happen(store, *one)
            _, how = resolved(store, folder)
            assert how in (STILL, None)  # None: what happened changed nothing
        stored, whole = as_stored(store, folder), as_whole(store, folder)
        store.close()
    for one, other in zip(stored, whole, strict=True):
        assert one == other


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "identity"


@pytest.fixture
def town(store: Store, folder: Path) -> Store:
    """Sixty strangers, a couple known twice, all resolved."""
    for n in range(60):
        put(
            store,
            f"crm/users/{n}",
            {"full_name": f"{WORDS[n // 8]} {WORDS[n % 8]}son", "phone": [f"+4420794601{n:02}"]},
        )
    put(store, "zendesk/users/1", {"full_name": f"{WORDS[0]} {WORDS[1]}son", "phone": ["+442079460101"]})
    assert resolved(store, folder)[1] == "whole: the first time"
    return store


WORDS = ("Alva", "Boris", "Celia", "Dorian", "Edda", "Fulke", "Greta", "Hamo")


def test_a_change_looks_at_whom_it_touches_and_no_further(town: Store, folder: Path) -> None:
    before = rows(town, "SELECT max(run_id) FROM link")
    put(town, "zendesk/users/2", {"full_name": f"{WORDS[0]} {WORDS[2]}son", "phone": ["+442079460102"]})
    entry, how = resolved(town, folder)
    assert (entry.taken, entry.new, how) == (2, 1, STILL)
    assert links(town)["zendesk/users/2"] == links(town)["crm/users/2"]
    assert rows(town, f"SELECT count(*) FROM link WHERE run_id <> '{before[0][0]}'") == [(2,)]


def test_a_decision_looks_at_its_two_groups(town: Store, folder: Path) -> None:
    decide(town, "crm/users/1", "crm/users/50", "same")
    entry, how = resolved(town, folder)
    assert (entry.taken, how) == (3, STILL)
    assert len({links(town)[name] for name in ("crm/users/1", "crm/users/50", "zendesk/users/1")}) == 1


def test_the_word_between_two_outlives_the_record_between_them(town: Store, folder: Path, never_whole: None) -> None:
    put(town, "crm/users/900", {"full_name": "Cleo Bianchi", "email": ["cleo@bianchi.example"]})
    put(town, "crm/users/901", {"full_name": "Dag Ek", "email": ["dag@ek.example"]})
    put(town, "crm/users/902", {"full_name": "Eva Fors", "email": ["eva@fors.example"]})
    put(town, "crm/users/903", {"full_name": "Cleo Bianchi", "email": ["cleo@bianchi.example"]})
    decide(town, "crm/users/900", "crm/users/901", "same")
    decide(town, "crm/users/901", "crm/users/902", "same")
    decide(town, "crm/users/901", "crm/users/903", "different")
    resolved(town, folder)
    before = links(town)
    assert before["crm/users/900"] == before["crm/users/902"] != before["crm/users/903"]
    put(town, "crm/users/901", {}, gone=True)
    assert resolved(town, folder)[1] == STILL
    assert links(town) == before


def test_a_reference_that_a_decision_held_back_joins_when_the_decision_falls(town: Store, folder: Path) -> None:
    put(town, "zendesk/users/5", {"full_name": "Ulf Ek", "reference": ["crm/users/30"]})
    decide(town, "zendesk/users/5", "crm/users/40", "same")
    decide(town, "crm/users/30", "crm/users/40", "different")
    assert resolved(town, folder)[1] == STILL
    assert links(town)["zendesk/users/5"] == links(town)["crm/users/40"] != links(town)["crm/users/30"]
    with town.begin() as connection:
        withdrawn = "UPDATE decision SET withdrawn_at = now(), applied = false WHERE verdict = 'same'"
        connection.execute(sa.text(withdrawn))
    assert resolved(town, folder)[1] == STILL
    assert links(town)["zendesk/users/5"] == links(town)["crm/users/30"] != links(town)["crm/users/40"]


def test_nothing_to_do_is_nothing_done(town: Store, folder: Path) -> None:
    stamp = rows(town, "SELECT stamp FROM resolved")
    assert resolved(town, folder)[0].taken == 0
    assert rows(town, "SELECT stamp FROM resolved") == stamp


def test_who_becomes_the_second_name_on_a_number_makes_it_shared_for_the_first(town: Store, folder: Path) -> None:
    put(town, "crm/users/9", {"full_name": "Wendeline Quist", "phone": ["+442079460133"]})
    put(town, "crm/users/8", {"phone": ["+442079460133"]})
    resolved(town, folder)
    assert as_stored(town, folder) == as_whole(town, folder)
    for n in (8, 9):  # and it is the first one's own again
        put(town, f"crm/users/{n}", {"phone": [f"+44207946019{n}"]})
    assert resolved(town, folder)[1] == STILL
    assert as_stored(town, folder) == as_whole(town, folder)


def test_what_changed_is_found_as_it_is_and_no_more_as_it_was(town: Store, folder: Path) -> None:
    """What the whole base was made of stands beside what changed since, and must not shine through."""
    for name, number in (("Anna Lindqvist", "+442079460190"), ("Berit Quist", "+442079460191")):
        put(town, "crm/users/1", {"full_name": name, "phone": [number]})
        assert resolved(town, folder)[1] == STILL
    put(town, "zendesk/users/9", {"full_name": f"{WORDS[0]} {WORDS[1]}son", "phone": ["+442079460101"]})
    put(town, "zendesk/users/8", {"full_name": "Berit Quist", "phone": ["+442079460191"]})
    put(town, "crm/users/2", {}, gone=True)
    assert resolved(town, folder)[1] == STILL
    assert as_stored(town, folder) == as_whole(town, folder)
    of = links(town)
    assert of["zendesk/users/9"] == of["zendesk/users/1"] != of["crm/users/1"] == of["zendesk/users/8"]


def test_profiles_whose_ids_differ_in_case_alone_are_two(town: Store, folder: Path) -> None:
    for key in ("00Q1a", "00Q1A"):
        put(town, f"crm/users/{key}", {"full_name": f"Ulf {WORDS[len(key) % 2]}son", "phone": ["+442079460190"]})
    resolved(town, folder)
    put(town, "crm/users/00Q1a", {"full_name": "Berit Quist"})
    assert resolved(town, folder)[0].taken == 2
    assert as_stored(town, folder) == as_whole(town, folder)


def test_one_more_that_names_a_record_of_very_many_and_nobody_is_tied_by_it(
    town: Store, folder: Path, never_whole: None
) -> None:
    put(town, "zendesk/users/900", {"email": ["who@posteo.example"]})
    contacts = [f"crm/users/{900 + n}" for n in range(LARGEST + 1)]
    for n, contact in enumerate(contacts):
        put(town, contact, {"email": [f"{n}.who@posteo.example"], "reference": ["zendesk/users/900"]})
        if n == LARGEST - 1:
            assert resolved(town, folder)[1] == STILL
            assert len({links(town)[one] for one in contacts[:LARGEST]}) == 1
    assert resolved(town, folder)[1] == STILL
    assert len({links(town)[one] for one in contacts}) == len(contacts)


def test_who_was_referred_to_before_they_came_is_known_when_they_come(town: Store, folder: Path) -> None:
    put(town, "zendesk/users/5", {"full_name": "Ulf Ek", "reference": ["CRM/users/new"]})
    shutil.rmtree(folder)
    resolved(town, folder)
    put(town, "crm/users/new", {"full_name": "U. Ek"})
    assert resolved(town, folder)[1] == STILL
    assert links(town)["crm/users/new"] == links(town)["zendesk/users/5"]


def test_a_key_becomes_crowded_and_rare_again(store: Store, folder: Path, never_whole: None) -> None:
    """Sixty of one name are compared with one another, sixty-one are not; then somebody is called otherwise."""
    for n in range(60):
        told = {"given_name": "Maria", "family_name": "Garcia", "middle_name": "Pilar"}
        put(store, f"crm/users/{n}", {**told, "birth_date": f"19{n % 30 + 60}-05-02"})
    resolved(store, folder)
    counts = [rows(store, "SELECT count(*) FROM match")[0][0]]
    for full_name in ("Maria Garcia", "Ulf Ek"):
        put(store, "crm/users/60", {"full_name": full_name})
        assert resolved(store, folder)[1] == STILL
        assert as_stored(store, folder) == as_whole(store, folder)
        counts.append(rows(store, "SELECT count(*) FROM match")[0][0])
    assert counts[0] == counts[2] > counts[1]


def test_a_crowd_on_one_mailbox_is_a_crowd_still(store: Store, folder: Path, never_whole: None) -> None:
    for n in range(shared.CROWD):
        put(store, f"crm/users/{n}", {"email": ["anna.lindqvist@posteo.example"]})
    resolved(store, folder)
    put(store, "crm/users/x", {"email": ["anna.lindqvist@posteo.example"]})
    assert resolved(store, folder)[0].taken == shared.CROWD + 1
    assert as_stored(store, folder) == as_whole(store, folder)


def test_a_whole_resolve_afterwards_moves_nothing_when_the_statistics_are_as_they_were(
    town: Store, folder: Path
) -> None:
    for n in (3, 4):
        put(town, f"crm/users/{n}", {"full_name": f"{WORDS[0]} {WORDS[n]}son", "phone": ["+442079460199"]})
    resolved(town, folder)
    before = [rows(town, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("link", "match", "identity")]
    put(town, "crm/users/5", {"full_name": f"{WORDS[0]} {WORDS[5]}son", "phone": ["+442079460105"], "title": "Dr"})
    shutil.rmtree(folder / "base")
    assert resolved(town, folder)[1] == "whole: nothing is kept"
    assert [rows(town, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("link", "match", "identity")] == before


@pytest.mark.parametrize(
    "harm",
    ["garbage", "half", "half a table", "another size", "another database", "another version", "a tenth", "no folder"],
)
def test_what_does_not_fit_is_not_used(town: Store, folder: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    base, table = folder / "base" / SINCE, folder / "base" / "holder.arrow"
    for n in range(8 if harm == "a tenth" else 1):
        put(town, f"zendesk/users/{n}", {"full_name": f"{WORDS[0]} {WORDS[n]}son", "phone": [f"+4420794601{n:02}"]})
    if harm == "garbage":
        base.write_bytes(b"nothing of ours" * 999)
    elif harm == "half":
        base.write_bytes(base.read_bytes()[: base.stat().st_size // 2])
    elif harm == "half a table":
        table.write_bytes(table.read_bytes()[: table.stat().st_size // 2])
    elif harm == "another size":
        with duckdb.connect(str(base)) as con:
            con.execute("UPDATE kept.state SET size = size + 1")
    elif harm == "another database":
        with town.begin() as connection:
            connection.execute(sa.text("UPDATE resolved SET stamp = 'elsewhere'"))
    elif harm == "another version":
        monkeypatch.setattr(file, "code", lambda: "other")
    elif harm == "no folder":
        shutil.rmtree(folder)
    entry, how = resolved(town, folder)
    monkeypatch.undo()
    assert how.startswith("whole: ")
    assert entry.taken == rows(town, "SELECT count(*) FROM profile")[0][0]
    put(town, "crm/users/60", {"full_name": "Ulf Ek"})
    assert resolved(town, folder)[1] == STILL


def test_another_model_resolves_the_whole_base(town: Store, folder: Path) -> None:
    with town.begin() as connection:
        connection.execute(sa.text("UPDATE resolved SET model = 'older'"))
    entry, how = resolved(town, folder)
    assert (entry.taken, how) == (61, "whole: another model")


def _die_before_the_file_is_kept(uri: str, folder: Path) -> None:
    Kept.commit = lambda self: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    resolved(Store(uri), folder)


def test_killed_between_the_two_commits_the_next_run_is_right(town: Store, folder: Path) -> None:
    put(town, "crm/users/1", {"full_name": "Anna Lindqvist", "email": ["anna.lindqvist@posteo.example"]})
    child = multiprocessing.get_context("spawn").Process(target=_die_before_the_file_is_kept, args=(town.uri, folder))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert resolved(town, folder)[0].taken == 0
    put(town, "zendesk/users/9", {"full_name": "Anna Lindqvist", "email": ["anna.lindqvist@posteo.example"]})
    assert resolved(town, folder)[1] == "whole: what is kept is not what stands in the database"
    assert links(town)["zendesk/users/9"] == links(town)["crm/users/1"] != links(town)["zendesk/users/1"]
    assert as_stored(town, folder) == as_whole(town, folder)


def test_it_is_kept_from_others_eyes(town: Store, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["base"]


def test_after_a_base_that_cannot_be_read_the_planner_is_itself_again(town: Store, folder: Path) -> None:
    """A whole base is not to be read by index, a profile at a time."""
    with duckdb.connect(str(folder / "base" / SINCE)) as con:
        con.execute("DROP TABLE kept.key")
    with town.begin() as connection:
        connection.execute(
            sa.text("""CREATE TABLE planned (seqscan text);
            CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO planned VALUES (current_setting('enable_seqscan')); RETURN NULL; END $$;
            CREATE TRIGGER told AFTER INSERT ON link FOR EACH STATEMENT EXECUTE FUNCTION told()""")
        )
    put(town, "crm/users/60", {"full_name": "Ulf Ek"})
    assert resolved(town, folder)[1] == "whole: what is kept cannot be read"
    assert rows(town, "SELECT seqscan FROM planned") == [("on",)]


@pytest.mark.parametrize("changed", ["comparisons.py", "matching.py", "contradictions.py", "clustering.py"])
def test_what_other_code_weighed_and_grouped_is_not_used(changed: str, tmp_path: Path) -> None:
    """A new version of ours may weigh a pair otherwise under the same model; what stands would be of two minds."""
    package = Path(landbridge.__file__).parent
    shutil.copytree(package, tmp_path / "landbridge", ignore=shutil.ignore_patterns("__pycache__"))
    assert _code(tmp_path) == file.code()
    with (tmp_path / "landbridge" / "identity" / changed).open("a") as code:
        code.write("\n# another version\n")
    assert _code(tmp_path) != file.code()


def _code(home: Path) -> str:
    """What the package in `home` says of itself."""
    asked = [sys.executable, "-c", "from landbridge.identity.kept.file import code; print(code())"]
    path = {**os.environ, "PYTHONPATH": str(home)}
    return subprocess.run(asked, cwd=home, env=path, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("harm", ["a folder in its place", "a file in its place", "a file for the folder"])
def test_where_nothing_can_be_kept_everything_is_resolved(town: Store, folder: Path, harm: str) -> None:
    shutil.rmtree(folder)
    if harm == "a folder in its place":
        (folder / "base" / SINCE / "full").mkdir(parents=True)
    elif harm == "a file in its place":
        folder.mkdir()
        (folder / "base").write_text("in the way")
    else:
        folder.write_text("in the way")
    put(town, "zendesk/users/2", {"full_name": f"{WORDS[0]} {WORDS[2]}son", "phone": ["+442079460102"]})
    entry, how = resolved(town, folder)
    assert (entry.taken, entry.new, how[:7]) == (62, 1, "whole: ")
    assert links(town)["zendesk/users/2"] == links(town)["crm/users/2"]
    put(town, "crm/users/60", {"full_name": "Ulf Ek"})
    assert resolved(town, folder)[0].new == 1
