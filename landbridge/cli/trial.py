"""Try: who is the same person in files of your own, and why. Nothing configured, nothing stored, nothing sent."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landbridge.cli.main import app
from landbridge.cli.options import Json
from landbridge.errors import ConfigInvalid, NotFound, RecordRejected

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = ("full_name", "given_name", "family_name", "email", "phone", "company", "city")


@app.command(name="try", rich_help_panel="Try it")
def trial(
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines or Parquet; each with any columns.")],
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="Say what a column is: `email=Kontakt`.", metavar="OURS=THEIRS")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Country of phone numbers without a code, as `GB`.")] = None,
    limit: Annotated[int, typer.Option(help="How many customers to print.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write a CSV: every row with its customer.")] = None,
    json: Json = False,
) -> None:
    """Recognise the columns of your files, find the same people, and show who is whom and why.

    Works on this machine alone: no database, no account, no configuration. Several files are matched with each other.
    """
    from landbridge.cli import show

    found = examine(files, dict(_pair(text) for text in mapped or []), region)
    if out:
        _write(out, found)
    if json:
        show.as_json(found.as_dict())
        return
    _tell(found, limit)
    if out:
        show.say(f"\nEvery row with its customer is in [bold]{show.plain(out)}[/].")


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not equals:
        raise ConfigInvalid(f"--map {text}: it has no '='.", do="Write it as --map email=Kontakt.")
    return ours.strip(), theirs.strip()


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


def examine(files: list[Path], chosen: dict[str, str], region: str | None) -> Found:
    """Read, recognise, resolve. Raises NotFound for a file or column that is not there, RecordRejected for nobody."""
    import pyarrow as pa

    from landbridge.identity.resolve import resolve

    found, tables = Found(), []
    for number, path in enumerate(files, 1):
        profiles = _profiles(path, number, chosen, region, found)
        tables.append(profiles)
    profiles = pa.concat_tables(tables)
    if not profiles.num_rows:
        raise RecordRejected("No row says anything about a person.", do="Name the columns: --map email=COLUMN.")
    resolution = resolve(profiles)
    people = {row["profile_id"]: row for row in profiles.to_pylist()}
    found.customers = list(_customers(resolution, people))
    found.review = list(_review(resolution, people))
    return found


def _profiles(path: Path, number: int, chosen: dict[str, str], region: str | None, found: Found) -> pa.Table:
    from connectors.files import read_table
    from landbridge.config import HOUSE
    from landbridge.mapping.columns import recognise
    from landbridge.mapping.load import load_synonyms
    from landbridge.mapping.tables import profiles_from_table

    if not path.is_file():
        raise NotFound(f"There is no file {path}.", do="Check the name; several files may be given.")
    table = read_table(path)
    columns = recognise(table.column_names, table, load_synonyms(HOUSE / "mappings" / "columns.yaml"), chosen)
    broken = int((table.schema.metadata or {}).get(b"broken", b"0"))
    found.files.append(File(str(path), table.num_rows, broken, columns.fields, columns.left))
    account = path.stem if number == 1 else f"{path.stem}-{number}"
    return profiles_from_table(table, account.replace("/", "-"), "rows", columns.fields, region)


def _customers(resolution: Any, people: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from landbridge.identity.explain import explain_pair

    members: dict[str, list[str]] = {}
    for profile, identity in _pairs(resolution.links, "profile_id", "identity_id"):
        members.setdefault(identity, []).append(profile)
    identity_of = {profile: identity for identity, group in members.items() for profile in group}
    why: dict[str, list[dict[str, Any]]] = {}
    for match in resolution.matches.to_pylist():
        if match["band"] == "link" and identity_of.get(match["left_id"]) == identity_of.get(match["right_id"]):
            told = {name: match[name] for name in ("left_id", "right_id", "probability")}
            why.setdefault(identity_of[match["left_id"]], []).append(
                {**told, "because": explain_pair(match["evidence"])}
            )
    for identity, group in sorted(members.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        yield {"identity": identity, "members": [_said(people[p]) for p in sorted(group)], "why": why.get(identity, [])}


def _review(resolution: Any, people: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
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
    name = told.pop("full_name") or " ".join(part for part in (told["given_name"], told["family_name"]) if part)
    del told["given_name"], told["family_name"]
    return {"file": row["account"], "key": row["key"], "profile_id": row["profile_id"], "name": name or None, **told}


def _tell(found: Found, limit: int) -> None:
    from landbridge.cli import show

    for file in found.files:
        show.say(
            f"[bold]{show.plain(file.name)}[/]: {file.rows:,} rows"
            + (f", {file.broken} unreadable" if file.broken else "")
        )
        for ours, theirs in file.fields.items():
            show.say(f"  {ours:<14} ← {show.plain(', '.join(theirs))}")
        if file.left:
            show.say(f"  not used: {show.plain(', '.join(file.left))}", "dim")
    rows = sum(len(customer["members"]) for customer in found.customers)
    several = [customer for customer in found.customers if len(customer["members"]) > 1]
    show.say(
        f"\n[bold]{rows:,} rows are {len(found.customers):,} customers[/]; {len(several):,} of them have more than one "
        f"row, and {len(found.review):,} pairs want a person's eye."
    )
    for customer in several[:limit]:
        _tell_one(customer["members"], [line for pair in customer["why"] for line in pair["because"]])
    if len(several) > limit:
        show.say(f"\n… and {len(several) - limit:,} more: --limit, --json or --out FILE.csv show them.", "dim")
    for pair in found.review[: max(1, limit // 3)]:
        show.say("\n[bold yellow]Perhaps the same[/]")
        _tell_one(pair["members"], [*pair["because"], *([f"not joined: {pair['refused']}"] if pair["refused"] else [])])


def _tell_one(members: list[dict[str, Any]], because: list[str]) -> None:
    from landbridge.cli import show

    show.say("")
    columns = ("file", "key", "name", "email", "phone", "company", "city")
    show.table(columns, ([member[column] for column in columns] for member in members))
    for reason in list(dict.fromkeys(because))[:6]:
        show.say(f"  · {show.plain(reason)}", "dim")


def _write(path: Path, found: Found) -> None:
    """One line a row of the files, with its customer."""
    from landbridge.cli import show

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer", "rows_of_customer", "file", "key", "name", "email", "phone", "company", "city"])
        for customer in found.customers:
            for member in customer["members"]:
                cells = [member[name] for name in ("file", "key", "name", "email", "phone", "company", "city")]
                writer.writerow(
                    [customer["identity"], len(customer["members"]), *(show.for_spreadsheets(cell) for cell in cells)]
                )
