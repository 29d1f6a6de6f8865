"""A labelled table of somebody's: its columns recognised or mapped, its truth taken away and kept apart."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from landbridge.cli.examine import read_file
from landbridge.cli.identity_hidden import copies, holds_codes, is_label
from landbridge.errors import NotFound, RecordRejected
from landbridge.store.profiles import SINGLE

if TYPE_CHECKING:
    import pyarrow as pa

MANY = ("email", "phone")
HANDLE = "handle"
"""Mapped from one column (a name on some network) or from two (the network, the name)."""

FIELDS = (*SINGLE, *MANY, HANDLE, "handle:NETWORK")
"""What a column of a labelled table may be."""

MOST_NETWORKS = 50

_HANDLE = re.compile(r"handle:[a-z0-9_.-]+")
_HOUSE_NUMBERS = frozenset(
    "hausnummer hausnr housenumber houseno housenr huisnummer huisnr numerocivico civico husnummer husnr".split()  # noqa: SIM905
)
_NUMBER = re.compile(r"num|nr|civico|(^|[_ ])no($|[_ ])")


@dataclass(frozen=True)
class Labelled:
    """`profiles` hold nothing of the truth, nor of any id; `truth` is (profile_id, person), for the labelled rows.

    `fields`: our field -> the columns it was taken from. `left`: columns that are no evidence; of them
    `copies` say what the truth says, and `bytes` hold bytes.
    """

    rows: int
    broken: int
    profiles: pa.Table
    truth: pa.Table
    fields: dict[str, list[str]]
    left: list[str]
    copies: list[str]
    bytes: list[str]


def read_labelled(
    path: Path, truth: str, chosen: Mapping[str, Sequence[str]], region: str | None, keep: Sequence[str] = ()
) -> Labelled:
    """Read a labelled table. `chosen`: our field -> its columns, which become one value; of many-valued fields more.
    `keep`: columns that are evidence although they say what the truth says, or are called like an id.

    Raises NotFound for a column or field that is not there, RecordRejected for a file that is no table.
    """
    table = _told_apart(read_file(path))
    _see_that_there_are(table.column_names, (truth, *keep), chosen)
    hidden = _copies(table, truth, {*keep, *(column for columns in chosen.values() for column in columns)})
    fields = _recognised(table, {truth, *hidden}, chosen, keep)
    if not fields:
        raise RecordRejected(
            "No column says anything about a person.", do=f"Name them: --map email=COLUMN. Fields: {', '.join(FIELDS)}."
        )
    _see_that_no_bytes(table, chosen)
    evidence = _evidence(table, fields, chosen)
    profiles = _profiles(evidence, region)
    used = {column for columns in fields.values() for column in columns}
    return Labelled(
        table.num_rows,
        int((table.schema.metadata or {}).get(b"broken", b"0")),
        profiles,
        _truth(table[truth]),
        fields,
        [name for name in table.column_names if name not in used and name != truth],
        hidden,
        [column.name for column in table.schema if _holds_bytes(column.type)],
    )


def _told_apart(table: pa.Table) -> pa.Table:
    """A second column of a name gets a number, as in a CSV."""
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for place, raw in enumerate(table.column_names, 1):
        name = raw or f"column_{place}"
        while name in names:
            numbers[raw] = numbers.get(raw, 1) + 1
            name = f"{raw}_{numbers[raw]}"
        names[name] = None
    return table.rename_columns(list(names)).replace_schema_metadata(table.schema.metadata)


def _copies(table: pa.Table, truth: str, named: Collection[str]) -> list[str]:
    """The columns that say what the truth says, but those that somebody named."""
    from landbridge.config import HOUSE
    from landbridge.mapping.load import load_synonyms

    synonyms = load_synonyms(HOUSE / "mappings" / "columns.yaml")
    others = [
        name
        for name in table.column_names
        if name not in named and name != truth and not is_label(name, synonyms.field_of(name))
    ]
    fields = {name: synonyms.field_of(name) for name in others}
    return copies([(name, _as_text(table[name])) for name in others], _as_text(table[truth]), fields)


def _see_that_there_are(names: Sequence[str], asked: Sequence[str], chosen: Mapping[str, Sequence[str]]) -> None:
    for column in (*asked, *(column for columns in chosen.values() for column in columns)):
        if column not in names:
            near = difflib.get_close_matches(column, names, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise NotFound(f"There is no column '{column}'.", do=f"{hint}The columns are: {', '.join(names)}.")
    for field in chosen:
        if field != HANDLE and not _is_ours(field):
            near = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise NotFound(f"There is no field '{field}'.", do=f"{hint}Ours are: {', '.join(FIELDS)}.")


def _recognised(
    table: pa.Table, hidden: Collection[str], chosen: Mapping[str, Sequence[str]], keep: Sequence[str]
) -> dict[str, list[str]]:
    """Our field -> its columns: those named, and for the rest those whose name or content tells."""
    from landbridge.config import HOUSE
    from landbridge.mapping.columns import recognise
    from landbridge.mapping.load import load_synonyms

    synonyms = load_synonyms(HOUSE / "mappings" / "columns.yaml")
    taken = {column for columns in chosen.values() for column in columns} | set(hidden)
    open_to = [
        name
        for name in table.column_names
        if name not in taken and (name in keep or not is_label(name, synonyms.field_of(name)))
    ]
    found = recognise(open_to, table.select(open_to), synonyms).fields if open_to else {}
    found = {
        field: [name for name in names if name in keep or not holds_codes(_as_text(table[name]), field)]
        for field, names in found.items()
    }
    fields = {field: names for field, names in found.items() if names and _is_ours(field) and field not in chosen}
    if pair := _network_and_name(open_to):
        fields.setdefault(HANDLE, pair)
    _see_what_is_kept(keep, fields, chosen)
    if "street" in fields and "street" not in chosen:
        used = {name for names in (*fields.values(), *chosen.values()) for name in names}
        fields["street"] += [name for name in open_to if name not in used and _is_house_number(name)]
        fields["street"].sort(key=lambda name: not _NUMBER.search(name.lower()))
    fields.update({field: list(columns) for field, columns in chosen.items()})
    return fields


def _is_house_number(name: str) -> bool:
    from landbridge.mapping.synonyms import split_words

    return "".join(split_words(name)) in _HOUSE_NUMBERS


def _see_what_is_kept(
    keep: Sequence[str], fields: Mapping[str, Sequence[str]], chosen: Mapping[str, Sequence[str]]
) -> None:
    """What somebody wants kept is compared, or he is told why not."""
    used = {column for columns in (*fields.values(), *chosen.values()) for column in columns}
    if unknown := [column for column in keep if column not in used]:
        raise RecordRejected(
            f"Nothing tells what '{unknown[0]}' is, so it cannot be kept.",
            do=f"Name the field: --map FIELD={unknown[0]}. An id, also another system's, is no field and no evidence "
            "here: where systems name each other's records, they are joined by that word alone.",
        )


def _holds_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _see_that_no_bytes(table: pa.Table, chosen: Mapping[str, Sequence[str]]) -> None:
    for column in (column for columns in chosen.values() for column in columns):
        if _holds_bytes(table.schema.field(column).type):
            raise RecordRejected(f"Column '{column}' holds bytes, not text.", do="Write it as text, or leave it out.")


def _network_and_name(names: Sequence[str]) -> list[str] | None:
    """The two columns that make a handle: on which network, and the name there."""
    from landbridge.mapping.synonyms import split_words

    ends = {name: "".join(split_words(name)[-1:]) for name in names}
    networks = [name for name, end in ends.items() if end in ("platform", "network")]
    handles = [name for name, end in ends.items() if end in ("handle", "username")]
    return [networks[0], handles[0]] if len(networks) == len(handles) == 1 else None


def _is_ours(field: str) -> bool:
    return field in (*SINGLE, *MANY) or _HANDLE.fullmatch(field) is not None


def _evidence(table: pa.Table, fields: Mapping[str, Sequence[str]], chosen: Collection[str]) -> pa.Table:
    """A column for each value that a field takes, as text.

    Columns that somebody named together make one value, and so do the parts of a street. Where several columns were
    merely recognised as one thing, the first that says something counts.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    made: dict[str, pa.ChunkedArray] = {}
    for field, columns in fields.items():
        values = [_as_text(table[column]) for column in columns]
        if field == HANDLE:
            made.update(_handles(values))
        elif field not in SINGLE:
            made.update({f"{field} {number}": value for number, value in enumerate(values)})
        elif field == "birth_date":
            made[field] = _birth_dates(columns, values) if field in chosen else pc.coalesce(*map(_a_date, values))
        else:
            made[field] = (
                _joined(values) if field in chosen or field == "street" else pc.coalesce(*map(_filled, values))
            )
    return pa.table(made)


def _a_date(values: pa.ChunkedArray) -> pa.ChunkedArray:
    from landbridge.mapping.dates import iso_dates

    return iso_dates(values)


def _filled(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values without those that are only space."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return values
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _birth_dates(names: Sequence[str], values: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    from landbridge.mapping.dates import iso_dates, joined_dates

    return iso_dates(values[0]) if len(values) == 1 else joined_dates(names, values)


def _handles(values: Sequence[pa.ChunkedArray]) -> dict[str, pa.ChunkedArray]:
    """A column for each network that the first of two columns names; "social" where no column says which."""
    import pyarrow.compute as pc

    if len(values) == 1:
        return {f"{HANDLE}:social 0": values[0]}
    network = pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values[0])), "[^a-z0-9_.-]", "_")
    known = [name for name in pc.unique(network.drop_null()).to_pylist() if name][:MOST_NETWORKS]
    return {f"{HANDLE}:{name} 0": pc.if_else(pc.equal(network, name), values[1], None) for name in known}


def _joined(values: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """The values of several columns as one, the empty ones left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(values) == 1:
        return values[0]
    parts = [pc.fill_null(value.combine_chunks(), "") for value in values]
    joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, " "))
    return pa.chunked_array([pc.replace_substring_regex(joined, r"\s+", " ")])


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as text: whole numbers without the ".0" that a float or a spreadsheet gave them; lists stay lists.

    What is no number says nothing: so do pandas and R write an empty cell among numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return column
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    if _holds_bytes(kind) or pa.types.is_nested(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    texts = column.cast(pa.string())
    whole = pc.match_substring_regex(texts, r"^\s*-?\d+\.0$")
    if len(column) and pc.all(whole, min_count=1).as_py():
        texts = pc.replace_substring_regex(texts, r"\.0$", "")
    return texts


def _profiles(evidence: pa.Table, region: str | None) -> pa.Table:
    """One profile a row, numbered from 1 and named by nothing that stands in the file."""
    from landbridge.mapping.tables import profiles_from_table

    columns: dict[str, list[str]] = {}
    for name in evidence.column_names:
        columns.setdefault(name.partition(" ")[0], []).append(name)
    return profiles_from_table(evidence, "file", "rows", columns, region)


def _truth(column: pa.ChunkedArray) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        raise RecordRejected(
            f"The truth is of type {column.type}: it does not say who a row is.",
            do="Name another column with --truth, or write it as text or a number.",
        )
    person = pc.utf8_trim_whitespace(_as_text(column))
    ids = pa.array([f"file/rows/{number}" for number in range(1, len(column) + 1)], pa.string())
    table = pa.table({"profile_id": ids, "person": person})
    return table.filter(pc.and_(pc.is_valid(table["person"]), pc.not_equal(table["person"], "")))
