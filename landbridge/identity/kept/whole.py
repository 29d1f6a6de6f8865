"""What the last whole resolve made of every profile: tables written once, in order, and looked up without reading them.

Files of Arrow, mapped into memory: to fetch ten thousand of a million rows costs what ten thousand of a hundred
thousand do. A table that a change may write would be sought through as a whole.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Rows = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


TABLES = ("profile", "name", "key", "holder", "reference")
"""What is in them: see `making`."""


class Whole:
    """The tables in `folder`, of `size` profiles, without those that `leave`. Raises OSError or ArrowInvalid where a
    file is missing, torn, or holds more than can be looked up in it.

    A profile goes by its `uid`, here its row in the table `profile`. The other tables (hash, uid, …) stand in the
    order of their hashes.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._tables = {name: _mapped(folder / f"{name}.arrow") for name in TABLES}
        self.size = size
        if self._tables["profile"].num_rows != size:
            raise pa.ArrowInvalid(f"{self._tables['profile'].num_rows} profiles instead of {size}")
        self._stands = np.ones(self.size, np.bool_)

    def leave(self, uids: Rows) -> None:
        """These profiles are found no more; a uid that was never here is not missed."""
        self._stands[uids[uids < self.size]] = False

    def profiles(self, uids: Rows, columns: list[str] | None = None) -> pa.Table:
        """`uid` and what is known of those of these profiles that are here: some columns, or all."""
        mine = uids[uids < self.size]
        mine = mine[self._stands[mine]]
        batch = self._tables["profile"]
        found = (batch.select(columns) if columns else batch).take(pa.array(mine))
        return pa.table([pa.array(mine, pa.uint32()), *found.columns], names=["uid", *found.schema.names])

    def having(self, table: str, hashes: Hashes) -> pa.Table:
        """The rows of `table` with one of these hashes, each of which is named once."""
        batch, asked = self._tables[table], np.sort(hashes)
        kept = batch.column("hash").to_numpy()
        rows = _ranges(np.searchsorted(kept, asked), np.searchsorted(kept, asked, side="right"))
        rows = rows[self._stands[batch.column("uid").to_numpy()[rows]]]
        return pa.Table.from_batches([batch.take(pa.array(rows))])


def write(folder: Path, name: str, table: pa.Table) -> None:
    """Leave a table for `Whole`. In one piece: that is what is looked up without a copy."""
    with pa.OSFile(str(folder / f"{name}.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def _mapped(path: Path) -> pa.RecordBatch:
    """The table as it lies in the file. Raises ArrowInvalid where `write` left it in pieces, as it must where a column
    holds over 2 GB of text: whoever is in the second would be unknown."""
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    if reader.num_record_batches > 1:
        raise pa.ArrowInvalid(f"{path.name} is in {reader.num_record_batches} pieces")
    return reader.get_batch(0) if reader.num_record_batches else pa.RecordBatch.from_pylist([], schema=reader.schema)


def _ranges(begins: npt.NDArray[np.intp], ends: npt.NDArray[np.intp]) -> Rows:
    """The numbers from each beginning to its end, one range after the other."""
    many = ends - begins
    rows: Rows = np.arange(many.sum()) + np.repeat(begins - np.cumsum(many) + many, many)
    return rows
