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
        names = ("shared_buffers", "max_wal_size", "wal_init_zero", "wal_buffers")
        told = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    written = (folder / "landbridge.conf").read_text().replace("1024MB", "1GB")
    lines = [f"{name} = {each[0]}" for name, each in zip(names, told, strict=True) if each]
    assert written.splitlines() == lines and lines[1:] == [
        "max_wal_size = 2GB",
        "wal_init_zero = off",
        "wal_buffers = 64MB",
    ]
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 64MB\n")
    embedded._set(folder)
    said = (folder / "postgresql.conf").read_text()
    assert said.count(embedded._INCLUDED) == 1 and said.endswith("shared_buffers = 64MB\n")
