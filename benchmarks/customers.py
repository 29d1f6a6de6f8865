"""Generated customers as profiles: the mapping from the generator's columns to ours, labels kept apart."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

GENERATOR = Path(__file__).resolve().parents[2] / "shared" / "er" / "generate_customers.py"


def available() -> bool:
    """Whether the generator stands beside the checkout."""
    return GENERATOR.exists()


def customers(records: int, seed: int = 7) -> tuple[pa.Table, dict[str, str]]:
    """(profiles, true person of each profile_id). The truth never enters the profiles."""
    frame = _generator().generate(records, seed)
    rows: dict[str, list[Any]] = {name: _texts(frame[name]) for name in frame.columns if name != "created_at"}
    ids = [f"{account}/records/{key}" for account, key in zip(rows["source"], rows["source_record_id"], strict=True)]
    handles = [
        f"{net}:{name}" if name else None
        for net, name in zip(rows["social_platform"], rows["social_handle"], strict=True)
    ]
    profiles = pa.table(
        {
            "profile_id": ids,
            "account": rows["source"],
            "stream": ["records"] * len(ids),
            "key": rows["source_record_id"],
            "given_name": pa.array(rows["first_name"], pa.string()),
            "family_name": pa.array(rows["last_name"], pa.string()),
            **{to: pa.array(rows[of], pa.string()) for to, of in _SAME.items()},
            **{field: _lists(rows[field]) for field in ("email", "phone")},
            "handle": _lists(handles),
            "region_hint": pa.array(rows["country"], pa.string()),
        }
    )
    return profiles, dict(zip(ids, rows["true_person_id"], strict=True))


_SAME = {name: name for name in ("full_name", "street", "city", "postcode", "country", "company")} | {
    "birth_date": "dob"
}


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_customers", GENERATOR)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _texts(column: Any) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in column.tolist()]


def _lists(values: list[Any]) -> pa.Array:
    return pa.array([[value] if value else [] for value in values], pa.list_(pa.string()))


def export(path: Path, records: int, seed: int = 7) -> None:
    """The customers as a Parquet file such as a system exports, without the truth."""
    frame = _generator().generate(records, seed)
    frame["id"] = frame["source"] + "-" + frame["source_record_id"].astype(str)
    kept = [name for name in frame.columns if not name.startswith(("true_", "source")) and not name.endswith("_kind")]
    frame[kept].to_parquet(path, index=False)
