"""The sandbox as a process: ready file, control service, holds, state over restarts, and endings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox_process import ROOT, start_sandbox

TWO = ("--systems=x,zendesk",)


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(100, options=TWO) as ready:
        yield ready


@pytest.fixture
def control(ready: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ready["control"]) as client:
        yield client
        client.post("/release")


def support(ready: dict[str, Any]) -> httpx.Client:
    login = (ready["zendesk"]["email"] + "/token", ready["zendesk"]["token"])
    return httpx.Client(base_url=ready["zendesk"]["base_url"], auth=login, timeout=30)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that will come; give up after half a minute."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def said(client: httpx.Client, ticket: int) -> list[str]:
    return [comment["body"] for comment in client.get(f"/api/v2/tickets/{ticket}/comments").json()["comments"]]


def an_open_ticket(client: httpx.Client) -> int:
    rows = client.get("/api/v2/tickets").json()["tickets"]
    return int(next(row["id"] for row in rows if row["status"] in ("new", "open")))


def test_the_truth_covers_what_the_systems_show(ready: dict[str, Any], control: httpx.Client) -> None:
    truth = control.get("/truth").json()
    assert {row["system"] for row in truth} == {"x", "zendesk", "hubspot", "salesforce"}
    assert {row["stream"] for row in truth} == {"users", "contacts", "Lead", "Contact"}
    with support(ready) as client:
        users = client.get("/api/v2/incremental/users/cursor?start_time=0").json()["users"]
    shown = {str(user["id"]) for user in users if user["role"] == "end-user"}
    assert shown == {row["key"] for row in truth if row["system"] == "zendesk"}


def test_counts_of_requests_and_writes(ready: dict[str, Any], control: httpx.Client) -> None:
    before = control.get("/stats").json()
    with support(ready) as client:
        ticket = an_open_ticket(client)
        client.put(f"/api/v2/tickets/{ticket}", json={"ticket": {"priority": "high"}})
    after = control.get("/stats").json()
    assert after["requests"] - before["requests"] == 2
    assert after["writes"] - before["writes"] == 1
    assert after["systems"]["zendesk"]["calls"]["PUT /api/v2/tickets/{id}"] >= 1


@pytest.mark.parametrize(("when", "done"), [("after", True), ("before", False)])
def test_a_held_write_is_done_or_not_when_its_client_dies(
    ready: dict[str, Any], control: httpx.Client, when: str, done: bool
) -> None:
    """The moment between the vendor's write and the client's note of it, on either side."""
    words = f"held {when}"
    hold = {"system": "zendesk", "method": "PUT", "path_contains": "/tickets/", "when": when, "count": 1}
    control.post("/hold", json=hold)
    with support(ready) as client:
        ticket = an_open_ticket(client)
        with pytest.raises(httpx.ReadTimeout):
            wish = {"ticket": {"comment": {"body": words}}}
            client.put(f"/api/v2/tickets/{ticket}", json=wish, timeout=1)
        until(lambda: control.get("/held").json() == [])
        assert (words in said(client, ticket)) is done


def test_a_held_request_goes_on_when_released(ready: dict[str, Any], control: httpx.Client) -> None:
    control.post("/hold", json={"system": "zendesk", "path_contains": "/users/me", "when": "after"})
    with support(ready) as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/api/v2/users/me")
        until(lambda: len(control.get("/held").json()) == 1)
        held = control.get("/held").json()[0]
        assert (held["method"], held["path"], held["when"]) == ("GET", "/api/v2/users/me", "after")
        assert not waiting.done()
        assert control.post("/release").json() == {"released": 1}
        assert waiting.result(timeout=20).status_code == 200


def test_holds_that_make_no_sense(control: httpx.Client) -> None:
    assert control.post("/hold", json={"systen": "x"}).status_code == 400


def test_switches_and_the_clock_at_run_time(ready: dict[str, Any], control: httpx.Client) -> None:
    headers = {"authorization": f"Bearer {ready['x']['bearer_token']}"}
    address = ready["x"]["base_url"] + "/2/users/by/username/brightwell"
    control.post("/switch", json={"x.usage_capped": True})
    assert httpx.get(address, headers=headers).json()["title"] == "UsageCapExceeded"
    control.post("/switch", json={"x.usage_capped": None})
    assert httpx.get(address, headers=headers).status_code == 200
    now = control.post("/clock", json={"advance": 0}).json()["now"]
    assert control.post("/clock", json={"advance": 3600}).json()["now"] > now
    control.post("/clock", json={"advance": -3600})


def test_a_restart_on_the_same_state_continues(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start_sandbox(60, state=state, options=TWO) as first, support(first) as client:
        wish = {"ticket": {"subject": "Kept", "comment": {"body": "Kept"}}}
        made = client.post("/api/v2/tickets", json=wish).json()["ticket"]["id"]
        news = httpx.post(first["control"] + "/live", json={"events": 5}).json()
        ticket = next(piece["key"] for piece in news if piece["kind"] == "ticket")
        client.put(f"/api/v2/tickets/{ticket}", json={"ticket": {"priority": "urgent"}})
        truth = httpx.get(first["control"] + "/truth").json()
        users = client.get("/api/v2/incremental/users/cursor?start_time=0").json()["users"]
    with start_sandbox(60, state=state, options=TWO) as second, support(second) as client:
        assert second["now"] == first["now"]
        assert client.get(f"/api/v2/tickets/{made}").json()["ticket"]["subject"] == "Kept"
        assert client.get(f"/api/v2/tickets/{ticket}").json()["ticket"]["priority"] == "urgent"
        assert httpx.get(second["control"] + "/truth").json() == truth
        assert client.get("/api/v2/incremental/users/cursor?start_time=0").json()["users"] == users
    refused = run(f"--state={state}", "--people=61", "--seed=7")
    assert refused.returncode == 2
    assert "another world" in refused.stderr


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_wrong_words_on_the_command_line() -> None:
    for words, told in ((["--faults=flood=5%"], "flood"), (["--systems=fax"], "fax")):
        result = run(*words)
        assert (result.returncode, told in result.stderr) == (2, True), result.stderr
        assert "Traceback" not in result.stderr


def test_it_ends_by_itself_and_takes_its_ready_file_along(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    result = run("--people=10", "--systems=x", f"--ready={ready}", "--max-seconds=0.5")
    assert result.returncode == 0, result.stderr
    assert "ready: 10 people" in result.stdout
    assert not ready.exists()


def started(folder: Path, *words: str) -> tuple[subprocess.Popen[bytes], Path]:
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--people=10", "--systems=x", f"--ready={ready}", "--max-seconds=120"]
    process = subprocess.Popen([*command, *words], cwd=ROOT, stdout=subprocess.DEVNULL)
    until(ready.exists)
    return process, ready


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_signals(tmp_path: Path, number: signal.Signals) -> None:
    process, _ = started(tmp_path)
    process.send_signal(number)
    assert process.wait(timeout=20) == 0


def test_it_ends_by_order_even_while_holding(tmp_path: Path) -> None:
    import json

    process, ready = started(tmp_path)
    told = json.loads(ready.read_text())
    httpx.post(told["control"] + "/hold", json={"system": "x", "when": "before"})
    headers = {"authorization": f"Bearer {told['x']['bearer_token']}"}
    caller = threading.Thread(target=_call, args=(told["x"]["base_url"] + "/2/users/by/username/brightwell", headers))
    caller.start()
    until(lambda: len(httpx.get(told["control"] + "/held").json()) == 1)
    httpx.post(told["control"] + "/shutdown")
    assert process.wait(timeout=20) == 0
    caller.join(timeout=20)


def _call(address: str, headers: dict[str, str]) -> None:
    try:
        httpx.get(address, headers=headers, timeout=30)
    except httpx.HTTPError:
        return  # the server may be gone before it answers


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    process, _ = started(tmp_path, f"--with-parent={parent.pid}")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=10)
    assert process.wait(timeout=20) == 0
