"""Which column of a stranger's table is what: by its name, by its neighbours, and by what stands in it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from landbridge.errors import NotFound
from landbridge.mapping.synonyms import CREATED, KEY, UPDATED, Synonyms, split_words
from landbridge.store.profiles import PERSON_FIELDS

LOOKED_AT = 1_000
"""Rows of the sample."""

ENOUGH = 0.8
"""The share of a column's values that must look like a thing for the column to be taken for it."""

_LOOKS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"(mailto:)?[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+"),
    "website": re.compile(r"(https?://|www\.)\S+", re.I),
    "phone": re.compile(r"(tel:)?(\+|00)[0-9][0-9 ()./-]{6,18}"),
}


@dataclass(frozen=True)
class Recognised:
    """`fields`: our field ("email", "handle:x", "key") -> its columns, in the table's order. `left`: the unused."""

    fields: dict[str, list[str]]
    left: list[str]


def recognise(
    column_names: Sequence[str],
    sample: pa.Table | None,
    synonyms: Synonyms,
    chosen: Mapping[str, str] | None = None,
) -> Recognised:
    """Say what each column is. Without a `sample` each name decides for itself, whatever stands beside it.

    `chosen` (our field -> column) wins over all. Raises NotFound for a field or a column that does not exist.
    """
    names = [name for name in dict.fromkeys(column_names) if '"' not in name and name]
    places = {name: field for name in names if (field := synonyms.field_of(name)) and _usable(sample, name)}
    if sample is not None:
        places |= {name: field for name in names if name not in places and (field := _by_value(sample, name))}
        _tell_names_apart(places, sample)
    _tell_accounts_apart(places)
    _choose(places, names, chosen or {})
    fields: dict[str, list[str]] = {}
    for name in names:
        if name in places:
            fields.setdefault(places[name], []).append(name)
    return Recognised(fields, [name for name in column_names if name not in places])


def _usable(sample: pa.Table | None, name: str) -> bool:
    kind = _column(sample, name).type if sample is not None else pa.string()
    return not (pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind))


def _column(sample: pa.Table, name: str) -> pa.ChunkedArray:
    """The first rows of the first column of that name."""
    return sample.column(sample.column_names.index(name)).slice(0, LOOKED_AT)


def _values(sample: pa.Table, name: str) -> list[str]:
    """The first texts of a column; none when it holds something else."""
    column = _column(sample, name)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return []
    return [value.strip() for value in column.to_pylist() if value and value.strip()]


def _by_value(sample: pa.Table, name: str) -> str | None:
    values = _values(sample, name)
    for field, look in _LOOKS.items():
        if values and _share(values, look) >= ENOUGH:
            return field
    return None


def _share(values: Sequence[str], look: re.Pattern[str]) -> float:
    return sum(look.fullmatch(value) is not None for value in values) / len(values)


def _tell_names_apart(places: dict[str, str], sample: pa.Table) -> None:
    """ "Name" beside "Vorname" is the family name, unless it holds the given name too; "Nom" may be the whole."""
    if not {"given_name", "full_name"} & set(places.values()):
        _whole_names(places, sample)
    if "given_name" not in places.values():
        return
    given = next(name for name, field in places.items() if field == "given_name")
    for name in [name for name, field in places.items() if field == "family_name"]:
        if _holds(sample, name, given):
            places[name] = "full_name"
    if "family_name" in places.values():
        return
    for name in [name for name, field in places.items() if field == "full_name"]:
        if not _holds(sample, name, given):
            places[name] = "family_name"


def _whole_names(places: dict[str, str], sample: pa.Table) -> None:
    """A column of family names whose values mostly have several words, where nothing else names people."""
    for name in [name for name, field in places.items() if field == "family_name"]:
        values = _values(sample, name)
        if values and sum(" " in value for value in values) / len(values) > 0.5:
            places[name] = "full_name"


def _tell_accounts_apart(places: dict[str, str]) -> None:
    """A bare "account" is a company in many a CRM's export; beside a company it is where the row was kept."""
    companies = [name for name, field in places.items() if field == "company"]
    for name in companies:
        if split_words(name) == ["account"] and len(companies) > 1:
            del places[name]


def _holds(sample: pa.Table, whole: str, part: str) -> bool:
    rows = zip(_column(sample, whole).to_pylist(), _column(sample, part).to_pylist(), strict=True)
    both = [(str(w).casefold(), str(p).casefold()) for w, p in rows if w and p]
    return bool(both) and sum(p in w and p != w for w, p in both) / len(both) > 0.5


def _choose(places: dict[str, str], names: Sequence[str], chosen: Mapping[str, str]) -> None:
    for ours, theirs in chosen.items():
        if ours.partition(":")[0] not in {*PERSON_FIELDS, KEY, CREATED, UPDATED}:
            raise NotFound(f"There is no field '{ours}'.", do=f"Ours are: {', '.join((*PERSON_FIELDS, KEY))}.")
        if theirs not in names:
            near = difflib.get_close_matches(theirs, names, n=1)
            raise NotFound(
                f"There is no column '{theirs}'.",
                do=f"Did you mean '{near[0]}'?" if near else f"The columns are: {', '.join(names)}.",
            )
    for name in [name for name, field in places.items() if field in chosen]:
        del places[name]
    places.update({theirs: ours for ours, theirs in chosen.items()})
