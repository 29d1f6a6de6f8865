"""Small mappings and batches, written where the test reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pyarrow as pa
import pytest

from landbridge.mapping.apply import Mapped, apply
from landbridge.mapping.load import Mapping, load

SHIPPED = Path(__file__).parents[2] / "mappings"

Apply = Callable[..., Mapped]


def batch(*payloads: Any) -> pa.Table:
    """Records as landing gives them: ids from 1, the key as text; a payload that is text stands as it is."""
    texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in payloads]
    numbers = range(1, len(texts) + 1)
    return pa.table(
        {"record_id": pa.array(numbers, pa.int64()), "key": [f"k{n}" for n in numbers], "payload": pa.array(texts)}
    )


@pytest.fixture
def mapping_of(tmp_path: Path) -> Callable[[str], Mapping]:
    """Load a mapping whose one stream `people` has these words."""

    def make(words: str) -> Mapping:
        file = tmp_path / "sources" / "acme.yaml"
        file.parent.mkdir(exist_ok=True)
        head = "system: acme\nversion: 1\nstreams:\n  people:\n    key: id\n"
        file.write_text(head + indent(dedent(words), "    "), encoding="utf-8")
        return load(tmp_path)["acme"]

    return make


@pytest.fixture
def mapped(mapping_of: Callable[[str], Mapping]) -> Apply:
    """Apply these words to these payloads."""

    def run(words: str, *payloads: Any) -> Mapped:
        return apply(mapping_of(words), "people", batch(*payloads), "acme", "DE")

    return run


@pytest.fixture(scope="session")
def shipped() -> dict[str, Mapping]:
    """The mappings that we ship."""
    return load(SHIPPED)
