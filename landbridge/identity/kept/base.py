"""The kept base as it stands: what the last whole resolve made, and over it what changed since."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.kept.whole import Hashes, Rows, Whole

LISTS = ("keys", "identifiers", "targets")
"""What a profile is found by, in the table `profile`: hashes, by which the other tables are looked up."""


class Base:
    """Every profile as it was last compared. `con` has in its schema `kept` what changed since `whole` was made: the
    same tables, and `past`, who is not to be looked for there."""

    def __init__(self, con: duckdb.DuckDBPyConnection, whole: Whole) -> None:
        self.con = con
        self._whole = whole
        self._overlook("kept.past")

    def leave(self) -> None:
        """Let nobody in the table `old` (uid, …) be found as the whole resolve left them."""
        self.con.execute("INSERT INTO kept.past SELECT uid FROM old WHERE uid NOT IN (FROM kept.past)")
        self._overlook("old")

    def _overlook(self, table: str) -> None:
        self._whole.leave(self.con.sql(f"SELECT uid::BIGINT AS uid FROM {table}").fetchnumpy()["uid"])

    def next_uid(self) -> int:
        """The least that nobody has had."""
        most = self.con.sql("SELECT coalesce(max(uid) + 1, 0) FROM kept.profile").fetchall()[0][0]
        return max(int(most), self._whole.size)

    def named(self, profiles: pa.Array) -> pa.Table:
        """(uid, profile_id) of those of these profiles that are there."""
        found = self.profiles(self.having("name", self.names(profiles))["uid"], ["profile_id"])
        return found.filter(pc.is_in(found["profile_id"], value_set=profiles))

    def names(self, profiles: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
        """The hashes by which others refer to these profiles."""
        return self._ask("SELECT hash(lower(profile_id)) AS hash FROM asked", profile_id=profiles)["hash"]

    def profiles(self, uids: Any, columns: list[str] | None = None) -> pa.Table:
        """`uid` and what is known of these profiles, each once; some columns, or all."""
        asked: Rows = np.unique(np.asarray(uids)).astype(np.int64)
        whole = self._whole.profiles(asked, columns)
        wanted = ", ".join(whole.column_names)
        since = self._ask(f"SELECT {wanted} FROM kept.profile WHERE uid IN (SELECT uid FROM asked)", uid=asked)
        return pa.concat_tables([whole, since.cast(whole.schema)])

    def said(self, uids: Any, column: str) -> pa.Table:
        """(uid, hash): what these profiles are found by, of one of LISTS."""
        lists = self.profiles(uids, [column]).combine_chunks()
        owner = lists["uid"].take(pc.list_parent_indices(lists[column]))
        return pa.table({"uid": owner, "hash": pc.list_flatten(lists[column])})

    def having(self, table: str, hashes: Any) -> pa.Table:
        """The rows of `name`, `key`, `holder` or `reference` with one of these hashes."""
        asked: Hashes = np.unique(np.asarray(hashes)).astype(np.uint64)
        whole = self._whole.having(table, asked)
        since = self._ask(f"SELECT * FROM kept.{table} WHERE hash IN (SELECT hash FROM asked)", hash=asked)
        return pa.concat_tables([whole, since.cast(whole.schema)])

    def _ask(self, query: str, **asked: Any) -> pa.Table:
        self.con.register("asked", pa.table(asked))
        try:
            return self.con.sql(query).to_arrow_table()
        finally:
            self.con.unregister("asked")
