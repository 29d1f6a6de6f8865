"""Every command at work: what people see, what machines get, and nothing on stdout that is neither."""

from __future__ import annotations

import csv
import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import Any

import pytest

from tests.cli.conftest import Ended, Project
from tests.journeys.conftest import Journey

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x9b]")


def at(journey: Journey) -> Project:
    return Project(journey.home, {"LANDBRIDGE_DATABASE": journey.database})


def quiet(ended: Ended) -> Any:
    """The document of a command that went well and said nothing else."""
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.json


def test_run_again_for_people(ran: Journey) -> None:
    ended = at(ran).landbridge("run")
    assert ended.code == 0
    assert ended.err == ""
    assert "the books balance" in ended.out
    assert not CONTROL.search(ended.out)
    assert [line for line in ended.out.splitlines() if line.startswith("push ")]


def test_run_again_for_machines(ran: Journey) -> None:
    told = quiet(at(ran).landbridge("run", "--json"))
    assert all(line["closes"] for line in told["balance"])


def test_sync_one_account_of_four(ran: Journey) -> None:
    (told,) = quiet(at(ran).landbridge("sync", "zendesk", "--json"))
    assert told["account"] == "zendesk"
    assert {line["subject"] for line in told["balance"]} == {"zendesk"}


@pytest.mark.parametrize("command", ["resolve", "push"])
def test_single_steps(ran: Journey, command: str) -> None:
    assert quiet(at(ran).landbridge(command, "--json"))["balance"][0]["closes"]
    assert "is done; the books balance" in at(ran).landbridge(command).out


def test_plan_with_nothing_to_do(ran: Journey) -> None:
    told = quiet(at(ran).landbridge("plan", "--json"))
    assert (told["plan_id"], told["changes"]) == (None, [])
    assert told["held"] > 0, "else this test proves nothing"
    assert f"Nothing would change, and {told['held']} lead" in at(ran).landbridge("plan").out


def test_check(ran: Journey) -> None:
    found = quiet(at(ran).landbridge("check", "--json"))
    assert {one["exit_code"] for one in found} == {0}
    assert "account salesforce" in {one["what"] for one in found}
    assert "✗" not in at(ran).landbridge("check").out


def test_runs_and_one_run(ran: Journey) -> None:
    project = at(ran)
    listed = quiet(project.landbridge("runs", "--json", "--limit", "100"))
    first = listed[-1]["run_id"]
    told = quiet(project.landbridge("runs", first, "--json"))
    assert told["state"] == "done"
    assert sum(row["held"] for row in told["held"]) >= 1
    shown = project.landbridge("runs", first).out
    assert "Held back by this run" in shown
    assert first in project.landbridge("runs", "--limit", "100").out


def test_explain(ran: Journey) -> None:
    ((crm_id,), *_) = ran.rows("SELECT crm_id FROM pushed ORDER BY crm_id LIMIT 1")
    assert quiet(at(ran).landbridge("explain", crm_id, "--json"))["crm_id"] == crm_id
    assert crm_id in at(ran).landbridge("explain", crm_id).out


def test_audit(ran: Journey) -> None:
    project = at(ran)
    assert quiet(project.landbridge("audit", "verify", "--json"))["intact"] is True
    newest, *_ = quiet(project.landbridge("audit", "list", "--json", "--limit", "3"))
    assert newest["kind"] in project.landbridge("audit", "list").out
    assert "Nothing happened to nobody" in project.landbridge("audit", "list", "--subject", "nobody").out


def test_an_empty_project_says_what_to_do(files: Project) -> None:
    assert "`landbridge run` makes the first" in files.landbridge("runs").out
    assert quiet(files.landbridge("runs", "--json")) == []
    assert "Nothing happened yet" in files.landbridge("audit", "list").out


@pytest.mark.slow
def test_plan_of_what_is_new(ran: Journey) -> None:
    project = at(ran)
    ran.control("live", events=3)
    quiet(project.landbridge("sync", "--json"))
    planned = quiet(project.landbridge("plan", "--json"))
    fields = [(change["record"], change["field"]) for change in planned["changes"]]
    assert fields
    assert planned["misfits"] == [], "the CRM was asked whether it can be sent"
    rows = list(csv.DictReader(io.StringIO(project.landbridge("plan", "--csv").out)))
    assert [(row["record"], row["field"]) for row in rows] == fields
    told = project.landbridge("plan").out
    assert planned["plan_id"] in told
    assert f"about {planned['api_calls']} of the CRM's API calls" in " ".join(told.split())
    project.landbridge("push", "--halt", "wrong titles", "--as", "ines")
    assert "halted by ines: wrong titles" in project.refuses("push", code=3)
    project.landbridge("push", "--resume", "mended", "--as", "ines")
    assert quiet(project.landbridge("push", "--json"))["balance"][-1]["closes"]


def in_terminal(project: Project, *words: str, columns: int = 110) -> str:
    """What the command shows on a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = project.command(*words)
    command["env"] |= {"TERM": "xterm-256color", "COLUMNS": str(columns)}  # test runners set COLUMNS to their own
    process = subprocess.Popen(**command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the last writer has gone
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(60) == 0
    return shown.decode()


def test_on_a_terminal_the_books_fill(files: Project) -> None:
    shown = in_terminal(files, "sync")
    final = shown.rindex("stage")
    assert "land" in shown[:final], "a first line of the books before the end"
    assert "\x1b[" in shown[:final], "drawn over by the next"


@pytest.mark.parametrize("columns", [50, 80])
def test_a_narrow_terminal_cuts_no_number(ran: Journey, columns: int) -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(at(ran), "runs", "--limit", "100", columns=columns))
    ids = re.findall(r"\d{8}-\d{6}-[0-9a-f]{4}", shown)
    assert ids
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(at(ran), "runs", ids[-1], columns=columns))
    assert "…" not in told
    assert [line for line in told.splitlines() if len(line) > columns] == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_ends_when_told_to(project: Project, by: signal.Signals) -> None:
    project.write("landbridge.yaml", "accounts: {x: {system: x, sandbox: true}}\nsandbox: {people: 5}\n")
    process = subprocess.Popen(**project.command("sandbox"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ready = project.home / ".landbridge" / "sandbox" / "ready.json"
    deadline = time.monotonic() + 60
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(by)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()  # where it heard nothing, it would play on for ever
    assert process.returncode == 128 + by
    assert "Traceback" not in err
    assert "salesforce" in out
    assert not ready.exists()


def test_a_reader_that_goes_away(files: Project) -> None:
    script = "import sys; sys.argv = ['landbridge', 'runs']; from landbridge.cli.main import entry; entry()"
    command = {**files.command(), "args": ["sh", "-c", f'{sys.executable} -c "{script}" | true']}
    done = subprocess.run(**command, capture_output=True, check=True)
    assert done.stderr == b""
