"""What goes to the CRM and what it answers is personal: a push that is killed leaves nothing of it in any folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce_bulk import SalesforceBulk
from landbridge.push.bulk import outcomes, unnamed
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from tests.push import victim
from tests.push.crm import ACCOUNT, a_run, put_leads
from tests.push.org import Org


def die_with(rows: Synchronized[int], place: Callable[..., Path]) -> Callable[..., None]:
    """Instead of a function that gets a file: tell how much is in the file, and be killed."""

    def instead(*given: Any) -> None:
        rows.value = place(*given).stat().st_size
        os.kill(os.getpid(), signal.SIGKILL)

    return instead


def push_and_die(uri: str, ready: dict[str, Any], folder: Path, sending: bool, rows: Synchronized[int]) -> None:
    tempfile.tempdir = str(folder)
    if sending:
        SalesforceBulk.send = die_with(rows, lambda *given: given[-1])  # type: ignore[method-assign]
    else:
        outcomes.note = die_with(rows, lambda *given: given[3].done)
    victim.work(uri, ready, True, 0, multiprocessing.get_context("spawn").Value("i", 0))


@pytest.mark.parametrize("sending", [True, False], ids=["what is sent", "what is answered"])
def test_a_killed_push_leaves_no_file(
    store: Store, ready: dict[str, Any], org: Org, policy: Policy, tmp_path: Path, sending: bool
) -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"paper{sending}-{number}": {"last_name": "Secret"} for number in range(3)})
        make_plan(run, policy, ACCOUNT)
    context = multiprocessing.get_context("forkserver")
    rows = context.Value("i", 0)
    process = context.Process(target=push_and_die, args=(store.uri, ready, tmp_path, sending, rows))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL and rows.value > 3 * len("Secret")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with unnamed.files() as new_file:
        one, other = new_file(), new_file()
        one.write_text("one")
        other.write_text("another")
        assert (one.read_text(), one.read_text(), other.stat().st_size) == ("one", "one", 7)
        one.write_text("1")
        assert one.read_text() == "1"
        assert list(tmp_path.iterdir()) == []


def test_where_files_must_have_names_they_go_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(unnamed, "_OURS", tmp_path / "not Linux")
    with unnamed.files() as new_file:
        file = new_file()
        file.write_text("rows")
        assert file.parent.stat().st_mode & 0o077 == 0 and file.parent != new_file().parent
    assert list(tmp_path.iterdir()) == []
