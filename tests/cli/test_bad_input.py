"""Whatever is wrong: one clear sentence, what to do, the exit code of docs/it.md, no traceback, no secret."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from landbridge.store.engine import Store
from tests.cli.conftest import FILES, Project

SECRET = "hunter2Hunter2"


def test_no_project(project: Project) -> None:
    told = project.refuses("runs", code=78)
    assert "no configuration at landbridge.yaml" in told
    assert "landbridge demo" in told
    assert list(project.home.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("accounts:\n  x: {system: x\n  zendesk: 1\n", "line 3: this is not YAML"),
        ("accounts:\n\t- x\n", "line 2: this is not YAML"),
        ("- 1\n", "must hold settings"),
        ("", "must hold settings"),
        (b"\x80\x81\0", "no text in UTF-8"),
        ("crm: x\n", "line 1: accounts is missing"),
        ("accounts: {}\nacounts: {}\n", "line 2: acounts is no setting"),
        ("accounts:\n  x:\n    system: x\n    regoin: GB\n", "Did you mean 'region'?"),
        ("accounts:\n  x:\n    system: x\n    region: uk1\n", "line 4: accounts.x.region must be a country's"),
        ("accounts:\n  x: true\n", "line 2: accounts.x must hold settings"),
        ("accounts: {x: {system: x}}\nsandbox: {people: many}\n", "line 2: sandbox.people must be a whole number"),
        ("crm: hubspt\naccounts: {hubspot: {system: hubspot}}\n", "line 1: crm names the account 'hubspt'"),
        (
            f"accounts:\n  x:\n    system: x\n    credentials: {{bearer_token: {SECRET}}}\n",
            "line 4: accounts.x.credentials",
        ),
    ],
)
def test_a_wrong_configuration(project: Project, content: str | bytes, expected: str) -> None:
    project.write("landbridge.yaml", content)
    told = project.refuses("runs", code=78)
    assert expected in told
    assert SECRET not in told


def test_an_unknown_system(files: Project) -> None:
    files.write("landbridge.yaml", "accounts: {x: {system: twitter}}")
    assert "Known systems: files, hubspot, salesforce, x, zendesk" in files.refuses("sync", code=78)


@pytest.mark.parametrize("command", ["run", "plan", "push"])
def test_no_crm_to_push_to(files: Project, command: str) -> None:
    assert "no account 'salesforce' for leads" in files.refuses(command, code=78)


@pytest.mark.parametrize(
    "uri",
    [f"postgresql://u:{SECRET}@x:port/z", f"mysql://u:{SECRET}@127.0.0.1/z", f"u:{SECRET}@127.0.0.1", SECRET],
)
def test_a_malformed_database_url(project: Project, uri: str) -> None:
    project.write("landbridge.yaml", FILES)
    project.environment["LANDBRIDGE_DATABASE"] = uri
    told = project.refuses("runs", code=69)
    assert "cannot be read" in told
    assert SECRET not in told


@pytest.mark.parametrize("host", ["127.0.0.1:9", "nowhere.invalid"])
@pytest.mark.parametrize("command", ["runs", "sync"])
def test_no_database_there(project: Project, host: str, command: str) -> None:
    project.write("landbridge.yaml", f"{FILES}database: 'postgresql://u:{SECRET}@{host}/z?password={SECRET}'\n")
    told = project.refuses(command, code=69)
    assert f"postgresql://u:***@{host}/z does not answer" in told
    assert SECRET not in told


def test_a_database_that_lets_nobody_in(files: Project, database: str) -> None:
    files.environment["LANDBRIDGE_DATABASE"] = files.environment["LANDBRIDGE_DATABASE"].replace(
        "postgres:@", "nobody:@", 1
    )
    assert 'role "nobody" does not exist' in files.refuses("runs", code=69)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE alembic_version SET version_num = '9999'"], "Upgrade Landbridge"),
        (["UPDATE alembic_version SET version_num = '0000beef'"], "database of Landbridge's own"),
        (["DROP TABLE alembic_version"], "database of Landbridge's own"),
    ],
)
def test_a_database_that_is_not_ours(files: Project, database: str, statements: list[str], expected: str) -> None:
    store = Store(database)
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    store.close()
    assert expected in files.refuses("runs", code=69)


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("sync", "nope"), 66, "Known accounts: exports"),
        (("runs", "zzz"), 66, "No run begins with 'zzz'"),
        (("explain", "zzz"), 66, "Nothing is known as 'zzz'"),
        (("explain", "%' OR 1=1 --"), 66, "Nothing is known as"),
    ],
)
def test_names_of_nothing(files: Project, words: tuple[str, ...], code: int, expected: str) -> None:
    assert expected in files.refuses(*words, code=code)


def test_a_plan_of_no_such_name(files: Project) -> None:
    files.write("landbridge.yaml", FILES + "  salesforce: {system: salesforce}\n")
    assert "No plan 'zzz'" in files.refuses("push", "--approve", "zzz", code=66)


def test_a_missing_credential(files: Project) -> None:
    account = "  zendesk: {system: zendesk, base_url: 'https://127.0.0.1:9', credentials: {email: ZE, token: ZT}}\n"
    files.write("landbridge.yaml", FILES + account)
    files.environment["ZT"] = SECRET
    ended = files.landbridge("sync", "--json")
    assert ended.code == 77
    assert "environment variable ZE is not set" in ended.err
    assert SECRET not in ended.err
    assert [run["account"] for run in ended.json] == ["exports"], "the others go on"


def test_an_account_without_the_name_of_its_credential(files: Project) -> None:
    files.write("landbridge.yaml", FILES + "  hubspot: {system: hubspot}\n")
    assert "accounts.hubspot.credentials.token" in files.refuses("sync", "hubspot", code=77)


def test_an_unreachable_system(files: Project) -> None:
    files.environment |= {"ZE": "a@b.example", "ZT": SECRET}
    account = "  zendesk: {system: zendesk, base_url: 'https://127.0.0.1:9', credentials: {email: ZE, token: ZT}}\n"
    files.write("landbridge.yaml", FILES + account)
    told = files.refuses("sync", "zendesk", code=75)
    assert "Zendesk cannot be reached" in told
    assert SECRET not in told


def test_a_wrong_mapping_names_file_and_line(files: Project) -> None:
    files.write("landbridge.yaml", f"{FILES}mappings: rules\n")
    rules = "system: files\nstreams:\n  rows:\n    columns: recognised\n    person:\n      emial: {from: Mail}\n"
    place = files.write("rules/sources/files.yaml", rules)
    told = files.refuses("sync", code=65)
    assert f"{place.name}" in told
    assert "line 6" in told or ":6" in told


def test_a_broken_row_is_held_and_the_rest_goes_on(files: Project) -> None:
    files.write("exports/torn.csv", "id,email\n1,a@b.example\n2,too,many\n3,c@d.example\n")
    told = files.landbridge("sync", "--json").json[0]
    assert (told["balance"][0]["held"], told["balance"][0]["new"]) == (1, 5)
    held = files.landbridge("runs", told["run_id"], "--json").json["held"]
    assert [(row["held"], row["still_held"], row["stage"]) for row in held] == [(1, 1, "land")]
    assert "Held back by this run" in files.landbridge("runs", told["run_id"]).out
    assert (
        "1 is held since other runs"
        in files.landbridge("runs", files.landbridge("sync", "--json").json[0]["run_id"]).out
    )


def test_a_port_that_is_taken(files: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} cannot be used" in files.refuses("up", "--port", port, code=1)


def test_a_folder_that_no_demo_made(project: Project) -> None:
    mine = project.write("mine/thesis.txt", "years of work")
    assert "--folder" in project.refuses("demo", "--folder", "mine", code=78)
    assert mine.read_text() == "years of work"


def test_faults_that_do_not_exist(project: Project) -> None:
    project.write("landbridge.yaml", "accounts: {x: {system: x, sandbox: true}}\nsandbox: {faults: earthquake=5%}")
    assert "earthquake" in project.refuses("sandbox", code=1)


BROKEN = "from landbridge.cli import main\nmain.app = lambda: {}['ana@correo.example']\nmain.entry()"


def test_a_bug_says_so_and_keeps_the_traceback_for_us(files: Project) -> None:
    ended = files.python(BROKEN)
    assert ended.code == 70
    assert "This is a bug in Landbridge (KeyError)" in ended.err
    assert "Traceback" not in ended.err
    assert "ana@correo.example" not in ended.err
    (story,) = (files.home / ".landbridge").glob("bug-*.txt")
    assert "Traceback" in story.read_text()
    assert stat.S_IMODE(story.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", [("identity", "show"), ("explain",)])
def test_a_word_that_is_no_text(files: Project, command: tuple[str, ...]) -> None:
    assert "is no text" in files.refuses(*command, os.fsdecode(b"caf\xe9"), code=1)


def test_a_bug_outside_of_any_project(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("temporary")
    project.environment["TMPDIR"] = str(elsewhere)
    assert str(elsewhere) in project.python(BROKEN).err
    assert [path.suffix for path in Path(elsewhere).iterdir()] == [".txt"]


def test_debugging_shows_the_traceback(project: Project) -> None:
    project.environment["LANDBRIDGE_DEBUG"] = "1"
    ended = project.python(BROKEN)
    assert ended.code == 70
    assert "Traceback" in ended.err
    assert "Traceback" in project.landbridge("runs").err
