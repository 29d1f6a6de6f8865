"""Each fault is what it says, comes as often as asked, at the same requests every time, and loses no row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.faults import KINDS, FaultPlan, FaultsInvalidError, parse_faults
from tests.sandbox_process import start_sandbox

USERS = "/api/v2/incremental/users/cursor"


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(120, options=("--systems=x,zendesk",)) as ready:
        yield ready


@pytest.fixture
def control(ready: dict[str, Any]) -> Iterator[httpx.Client]:
    """The control service, without faults again after the test."""
    with httpx.Client(base_url=ready["control"]) as client:
        yield client
        client.post("/faults", json={"faults": "", "fault_timeout": 20})
        client.post("/release")


def zendesk(ready: dict[str, Any], timeout: float = 5) -> httpx.Client:
    login = (ready["zendesk"]["email"] + "/token", ready["zendesk"]["token"])
    return httpx.Client(base_url=ready["zendesk"]["base_url"], auth=login, timeout=timeout)


def x(ready: dict[str, Any], token: str = "bearer_token") -> httpx.Client:
    return httpx.Client(base_url=ready["x"]["base_url"], headers={"authorization": f"Bearer {ready['x'][token]}"})


def injected(control: httpx.Client, system: str, kind: str) -> int:
    return int(control.get("/stats").json()["systems"][system]["faults"].get(kind, 0))


def export(client: httpx.Client) -> Any:
    return client.get(USERS, params={"start_time": 0})


def test_wishes() -> None:
    assert parse_faults(None) == {}
    assert parse_faults("rate_limit=5%, cut=0.02") == {"rate_limit": 0.05, "cut": 0.02}
    assert set(parse_faults("10%")) == set(KINDS)
    assert sum(parse_faults("10%").values()) == pytest.approx(0.1)


@pytest.mark.parametrize("wish", ["often", "flood=5%", "cut=120%", "cut=60%,timeout=60%", "cut=-1%"])
def test_wishes_that_make_no_sense(wish: str) -> None:
    with pytest.raises(FaultsInvalidError):
        parse_faults(wish)


def test_repeatable_and_as_often_as_asked() -> None:
    plan = FaultPlan(parse_faults("10%"), seed=7)
    drawn = [plan.draw("x", number) for number in range(20_000)]
    assert drawn == [FaultPlan(parse_faults("10%"), seed=7).draw("x", number) for number in range(20_000)]
    assert drawn != [FaultPlan(parse_faults("10%"), seed=8).draw("x", number) for number in range(20_000)]
    counts = Counter(drawn)
    assert all(200 < counts[kind] < 380 for kind in KINDS), counts


def test_the_vendors_own_words(ready: dict[str, Any], control: httpx.Client) -> None:
    with zendesk(ready) as support, x(ready) as social:
        control.post("/faults", json={"faults": "rate_limit=100%"})
        limited = export(support)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
        answer = social.get("/2/users/by/username/brightwell")
        assert (answer.status_code, answer.headers["x-rate-limit-remaining"]) == (429, "0")
        assert int(answer.headers["x-rate-limit-reset"]) > 0
        control.post("/faults", json={"faults": "server_error=100%"})
        assert export(support).headers["content-type"].startswith("text/html")
        assert social.get("/2/users/by/username/brightwell").json()["title"] == "Service Unavailable"
        control.post("/faults", json={"faults": "expired_token=100%"})
        assert (export(support).status_code, export(support).json()["error"]) == (401, "invalid_token")
        assert social.get("/2/users/by/username/brightwell").json()["title"] == "Unauthorized"


def test_a_cut_connection_breaks_the_answer(ready: dict[str, Any], control: httpx.Client) -> None:
    control.post("/faults", json={"faults": "cut=100%"})
    with zendesk(ready) as support, pytest.raises(httpx.RemoteProtocolError):
        export(support)
    assert injected(control, "zendesk", "cut") > 0


def test_a_timeout_keeps_the_caller_waiting_and_ends_with_it(ready: dict[str, Any], control: httpx.Client) -> None:
    control.post("/faults", json={"faults": "timeout=100%", "fault_timeout": 30})
    with zendesk(ready, timeout=0.3) as support, pytest.raises(httpx.ReadTimeout):
        export(support)
    control.post("/faults", json={"faults": "timeout=100%", "fault_timeout": 0.2})
    with zendesk(ready) as support:
        assert export(support).status_code == 200


def test_writes_fail_before_and_after_they_were_done(ready: dict[str, Any], control: httpx.Client) -> None:
    """Of many cut or timed-out posts some were made and some were not, and the caller cannot tell which."""
    control.post("/faults", json={"faults": "cut=50%,timeout=50%", "fault_timeout": 30})
    texts = [f"post {number}" for number in range(12)]
    with x(ready, "user_token") as social:
        for text in texts:
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadTimeout)):
                social.post("/2/tweets", json={"text": text}, timeout=0.3)
        control.post("/faults", json={"faults": ""})
        me = social.get("/2/users/me").json()["data"]["id"]
        timeline = social.get(f"/2/users/{me}/tweets", params={"max_results": 100}).json()["data"]
    made = [post["text"] for post in timeline if post["text"] in texts]
    assert 0 < len(made) < len(texts)
    assert len(made) == len(set(made))
    assert control.get("/stats").json()["systems"]["x"]["writes"] >= len(texts)


def test_a_malformed_row_stands_beside_the_real_ones(ready: dict[str, Any], control: httpx.Client) -> None:
    with zendesk(ready) as support:
        whole = export(support).json()["users"]
        control.post("/faults", json={"faults": "malformed_row=100%"})
        shapes = set()
        for _ in range(3):
            rows = export(support).json()["users"]
            assert len(rows) == len(whole) + 1
            assert [row for row in rows if row in whole] == whole
            broken = next(row for row in rows if row not in whole)
            shapes.add(type(broken.get("id")).__name__ if isinstance(broken, dict) else "text")
        assert shapes == {"text", "NoneType", "dict"}


def test_a_slow_page_is_whole(ready: dict[str, Any], control: httpx.Client) -> None:
    with zendesk(ready) as support:
        whole = export(support).json()
        control.post("/faults", json={"faults": "slow_page=100%"})
        assert export(support).json() == whole
    assert injected(control, "zendesk", "slow_page") > 0


def test_control_is_never_faulted_and_refuses_nonsense(control: httpx.Client) -> None:
    control.post("/faults", json={"faults": "server_error=100%"})
    assert all(control.get("/stats").status_code == 200 for _ in range(5))
    answer = control.post("/faults", json={"faults": "flood=5%"})
    assert (answer.status_code, "flood" in answer.json()["error"]) == (400, True)


def test_the_same_requests_fail_in_every_run() -> None:
    def run() -> list[object]:
        with start_sandbox(20, seed=3, faults="40%", options=("--systems=zendesk", "--fault-timeout=0.1")) as ready:
            return [outcome(ready) for _ in range(15)]

    def outcome(ready: dict[str, Any]) -> object:
        with zendesk(ready) as support:
            try:
                answer = export(support)
            except httpx.RemoteProtocolError:
                return "cut"
            return answer.status_code, len(json.dumps(answer.json())) if answer.status_code == 200 else 0

    first = run()
    assert len(set(map(str, first))) > 1
    assert [str(item)[:4] for item in run()] == [str(item)[:4] for item in first]
