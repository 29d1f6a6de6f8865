"""Who is the same person in somebody's files: read them, recognise their columns, resolve, and say why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landbridge.errors import NotFound, RecordRejected, SourceChanged

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = ("email", "phone", "company", "city")
"""What is shown of a row beside its file, key and name."""

_HEAD = 4096
_TEXT_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class File:
    """One file as it was read: our field -> its columns, what was left, how many rows."""

    name: str
    rows: int
    broken: int
    fields: dict[str, list[str]]
    left: list[str]


@dataclass
class Found:
    """The files, and the customers in them, the largest first; each member is a dict of what a row said."""

    files: list[File] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    review: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        profiles = sum(len(customer["members"]) for customer in self.customers)
        counts = {"profiles": profiles, "customers": len(self.customers), "to_review": len(self.review)}
        return {"files": [vars(f) for f in self.files], **counts, "groups": self.customers, "review": self.review}


def examine(paths: Sequence[Path], chosen: Mapping[str, str], region: str | None) -> Found:
    """Read, recognise, resolve. `chosen`: our field -> a column of at least one of the files.

    Raises NotFound for a file or column that is not there, RecordRejected for a file of no rows or of nobody.
    """
    import pyarrow as pa

    from landbridge.identity.first_load import resolved

    tables = [read_file(path) for path in paths]
    _see_that_chosen_exist(tables, chosen)
    found = Found()
    profiles = pa.concat_tables(
        _profiles(path, account, table, chosen, region, found)
        for path, account, table in zip(paths, _accounts(paths), tables, strict=True)
    )
    if not profiles.num_rows:
        raise RecordRejected("No row says anything about a person.", do="Name the columns: --map email=COLUMN.")
    _, resolution = resolved(profiles)
    people = {row["profile_id"]: row for row in profiles.to_pylist()}
    found.customers = list(_customers(resolution, people))
    found.review = list(_review(resolution, people))
    return found


def read_file(path: Path) -> pa.Table:
    """The file's rows as they stand in it. Raises NotFound, RecordRejected for what is no table or holds no row."""
    from connectors.files import read_table

    if not path.is_file():
        what = f"{path} is a folder" if path.is_dir() else f"There is no file {path}"
        raise NotFound(f"{what}.", do="Name the files themselves; several may be given.")
    _see_that_readable(path)
    try:
        table = read_table(path)
    except SourceChanged as error:
        raise RecordRejected(str(error), do=error.do) from error
    if not table.num_rows:
        raise RecordRejected(f"{path} holds no row.", do="Export it again, with its header and its rows.")
    return table


def _see_that_readable(path: Path) -> None:
    """Tell workbooks and images from tables before they are taken for very odd CSV."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", do="Check its rights.") from error
    if path.suffix.lower() != ".parquet" and b"\0" in head and not head.startswith(_TEXT_MARKS):
        raise RecordRejected(
            f"{path} is neither CSV, JSON Lines nor Parquet.", do="Save it as CSV; spreadsheet programs can."
        )
    if head.lstrip()[:1] in (b"[", b"{") and path.suffix.lower() not in (".jsonl", ".ndjson"):
        raise RecordRejected(
            f"{path} is JSON.", do="Write one object a line and call it .jsonl: `jq -c '.[]' FILE.json > FILE.jsonl`."
        )


def _see_that_chosen_exist(tables: Sequence[pa.Table], chosen: Mapping[str, str]) -> None:
    from landbridge.mapping.columns import recognise
    from landbridge.mapping.synonyms import Synonyms

    recognise(list(dict.fromkeys(name for table in tables for name in table.column_names)), None, Synonyms(), chosen)


def _accounts(paths: Sequence[Path]) -> list[str]:
    """What each file is called where rows are told apart: its name without ending, numbered when it comes twice."""
    names: list[str] = []
    for path in paths:
        name = path.stem.encode("utf-8", "replace").decode()
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _profiles(
    path: Path, account: str, table: pa.Table, chosen: Mapping[str, str], region: str | None, found: Found
) -> pa.Table:
    from landbridge.config import HOUSE
    from landbridge.mapping.columns import recognise
    from landbridge.mapping.load import load_synonyms
    from landbridge.mapping.tables import profiles_from_table

    synonyms = load_synonyms(HOUSE / "mappings" / "columns.yaml")
    here = {ours: theirs for ours, theirs in chosen.items() if theirs in table.column_names}
    columns = recognise(table.column_names, table, synonyms, here)
    broken = int((table.schema.metadata or {}).get(b"broken", b"0"))
    found.files.append(File(str(path), table.num_rows, broken, columns.fields, columns.left))
    return profiles_from_table(table, account, "rows", columns.fields, region)


def _customers(resolution: Any, people: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    members: dict[str, list[str]] = {}
    for profile, identity in _pairs(resolution.links, "profile_id", "identity_id"):
        members.setdefault(identity, []).append(profile)
    why = _why(resolution, {profile: identity for identity, group in members.items() for profile in group})
    for identity, group in sorted(members.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        yield {"identity": identity, "members": [_said(people[p]) for p in sorted(group)], "why": why.get(identity, [])}


def _why(resolution: Any, identity_of: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Each customer's pairs that belong together, with the reasons."""
    from landbridge.identity.explain import explain_pair

    why: dict[str, list[dict[str, Any]]] = {}
    for match in resolution.matches.to_pylist():
        identity = identity_of.get(match["left_id"])
        if match["band"] == "link" and identity is not None and identity == identity_of.get(match["right_id"]):
            told = {name: match[name] for name in ("left_id", "right_id", "probability")}
            why.setdefault(identity, []).append({**told, "because": explain_pair(match["evidence"])})
    return why


def _review(resolution: Any, people: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from landbridge.identity.explain import explain_pair

    for match in resolution.matches.to_pylist():
        if match["band"] == "review":
            yield {
                "probability": match["probability"],
                "members": [_said(people[match["left_id"]]), _said(people[match["right_id"]])],
                "because": explain_pair(match["evidence"]),
                "refused": match["refused"],
            }


def _pairs(table: pa.Table, left: str, right: str) -> Iterable[tuple[str, str]]:
    return zip(table[left].to_pylist(), table[right].to_pylist(), strict=True)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: ", ".join(row[name]) if isinstance(row[name], list) else row[name] for name in SHOWN}
    name = row["full_name"] or " ".join(part for part in (row["given_name"], row["family_name"]) if part)
    return {"file": row["account"], "key": row["key"], "profile_id": row["profile_id"], "name": name or None, **told}
