"""`python -m landbridge.mapping.schema FOLDER` writes the JSON Schema that editors check mapping files with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from landbridge.mapping.form import Source

SCHEMA_FILE = Path("schema") / "source.schema.json"


def source_schema() -> str:
    """The JSON Schema of mappings/sources/*.yaml, as text."""
    schema = Source.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write schema/source.schema.json below the mappings folder."""
    file = folder / SCHEMA_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source_schema(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "mappings"))
