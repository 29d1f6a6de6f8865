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
