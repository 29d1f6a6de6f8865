"""`landbridge up` leaves schedules that really fire, and Prefect shows each run's books."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.conftest import PEOPLE, Project
from tests.journeys.conftest import Begin, Journey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # patience for a busy machine, no promise

DEPLOYMENTS = {"x", "zendesk", "hubspot", "salesforce", "publish"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def asked(api: str, path: str) -> Any:
    return httpx.post(f"{api}/{path}/filter", json={}, timeout=30).raise_for_status().json()


def wait_for(what: str, happened: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen in {seconds:.0f} s")
        time.sleep(1)


def scheduled_run_is_done(journey: Journey) -> bool:
    return journey.rows("SELECT count(*) FROM run WHERE flow = 'sync' AND subject = 'x' AND state = 'done'") != [(0,)]


def come_in_by_the_link(process: subprocess.Popen[str], port: int) -> None:
    """As the first admin does, by the link that `up` prints."""
    assert process.stdout
    while not (found := re.search(rf"http://127.0.0.1:{port}(/welcome/\S+)", line := process.stdout.readline())):
        assert line, "up ended without a word of the console"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=30) as visitor:
        page = visitor.post(found[1], data={"name": "Ann", "password": "correct horse battery"})
        assert page.status_code == 200
        assert "<h1>Map</h1>" in page.text


def with_exports(journey: Journey) -> Project:
    """The same project with an account more, that reads a folder."""
    project = Project(journey.home, {"LANDBRIDGE_DATABASE": journey.database})
    said = yaml.safe_load((journey.home / "landbridge.yaml").read_text())
    said["accounts"]["exports"] = {"system": "files", "options": {"folder": "exports"}}
    project.write("landbridge.yaml", yaml.safe_dump(said))
    project.write("exports/people.csv", PEOPLE)
    return project


def runs_beside(project: Project) -> None:
    """A command beside it is conducted by Prefect, says no word more for it, and fails as it would alone."""
    assert "is up already" in project.refuses("up", "--port", str(free_port()), code=75)
    ended = project.landbridge("sync", "exports")
    assert (ended.code, ended.err) == (0, "")
    assert "Conducted by Prefect" in ended.out
    ended = project.landbridge("sync", "exports", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json
    (project.home / "exports").rename(project.home / "elsewhere")
    project.refuses("sync", "exports", code=75)


def test_schedules_fire_and_prefect_shows_the_books(begin: Begin) -> None:
    with begin(people=30) as journey:
        project, port, console = with_exports(journey), free_port(), free_port()
        process = journey.start("up", "--port", str(port), "--console-port", str(console))
        note = journey.home / "data" / "up.json"
        try:
            wait_for("starting", note.exists, 300)
            api = f"http://127.0.0.1:{port}/api"
            assert {one["name"] for one in asked(api, "deployments")} == DEPLOYMENTS
            runs_beside(project)
            wait_for("the run that is due every minute", lambda: scheduled_run_is_done(journey), 300)
            wait_for("its table of books", lambda: any(one["key"] == "balance" for one in asked(api, "artifacts")), 30)
            come_in_by_the_link(process, console)
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert not note.exists()
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{api}/health", timeout=2)
