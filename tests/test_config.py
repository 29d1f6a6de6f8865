"""What a configuration may say: names that go into every id and into the audit trail."""

from __future__ import annotations

from pathlib import Path

import pytest

from landbridge import config
from landbridge.errors import ConfigInvalid
from landbridge.store.engine import Store
from landbridge.trail.runs import running

ACCOUNT = "{system: files}"


def loaded(folder: Path, content: str) -> config.Project:
    file = folder / "landbridge.yaml"
    file.write_text(content)
    return config.load(file)


@pytest.mark.parametrize("name", ["zendesk", "Zendesk-EU", "x.2", "a_b", "n" * 40])
def test_an_account_of_any_plain_name_can_run(store: Store, tmp_path: Path, name: str) -> None:
    project = loaded(tmp_path, f"accounts: {{{name}: {ACCOUNT}}}")
    with running(store, "sync", name, actor=project.settings.actor):
        pass


@pytest.mark.parametrize("name", ["my zendesk", "a/b", "anna@example.org", "Kundendienst-Zürich", "-", "n" * 41])
def test_a_name_that_cannot_be_part_of_an_id_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigInvalid, match=f"line 2: accounts.{name} must be named in letters"):
        loaded(tmp_path, f"accounts:\n  {name}: {ACCOUNT}")


@pytest.mark.parametrize("actor", ["a\\nb", " ", "a\\0b", "\\u202ebob"])
def test_an_actor_is_a_name_on_one_line(tmp_path: Path, actor: str) -> None:
    with pytest.raises(ConfigInvalid, match="actor must be a name on one line"):
        loaded(tmp_path, f'actor: "{actor}"\naccounts: {{x: {ACCOUNT}}}')
