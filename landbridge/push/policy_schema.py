"""`python -m landbridge.push.policy_schema FOLDER` writes the JSON Schema of mappings/crm/*.yaml, for editors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from landbridge.push.policy import Content

SCHEMA_FILE = Path("schema") / "crm.schema.json"


def policy_schema() -> str:
    """The JSON Schema of mappings/crm/*.yaml, as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Content.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write schema/crm.schema.json below the mappings folder."""
    file = folder / SCHEMA_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(policy_schema(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "mappings"))
