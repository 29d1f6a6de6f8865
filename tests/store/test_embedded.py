"""The embedded server starts wherever somebody keeps their project."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from landbridge.store import embedded


@pytest.mark.parametrize("name", ["My Projects", "it's; touch here", "naïve", "long" * 40])
def test_a_project_may_lie_in_any_folder(tmp_path: Path, name: str) -> None:
    with psycopg.connect(embedded.start(tmp_path / name / "postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_large_machine_lends_its_memory_and_whoever_says_otherwise_is_obeyed(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with psycopg.connect(embedded.start(folder)) as connection:
        told = connection.execute("SHOW shared_buffers").fetchone()
    written = (folder / "landbridge.conf").read_text()
    assert told is not None and written.strip().removeprefix("shared_buffers = ").replace("1024MB", "1GB") == told[0]
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 64MB\n")
    embedded._set(folder)
    said = (folder / "postgresql.conf").read_text()
    assert said.count(embedded._INCLUDED) == 1 and said.endswith("shared_buffers = 64MB\n")
