"""`python -m landbridge.schemas FOLDER` writes the JSON Schemas that editors check mappings/ with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from landbridge.desk.rules import ReviewRules
from landbridge.mapping.form import Source
from landbridge.push.policy import Content

FORMS: dict[str, type[BaseModel]] = {"source": Source, "crm": Content, "review": ReviewRules}
"""What a file of each kind may say: mappings/sources/*.yaml, mappings/crm/*.yaml, mappings/review.yaml."""


def file_of(kind: str) -> Path:
    """Where a kind's schema lies, below the mappings folder."""
    return Path("schema") / f"{kind}.schema.json"


def schema(kind: str) -> str:
    """A kind's JSON Schema, as text."""
    said = FORMS[kind].model_json_schema(by_alias=True)
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", **said}
    return json.dumps(named, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write them all below the mappings folder."""
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    for kind in FORMS:
        (folder / file_of(kind)).write_text(schema(kind), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "mappings"))
