"""Which letters a text has, as one number: texts a slip apart have nearly the same, whatever their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Flags = npt.NDArray[np.bool_]

BUCKETS, MOST, SLICE = 16, 4, 1 << 17
"""A letter counts in the bucket of its code's last four bits, digits each in one of their own; up to four times."""

UNTOLD = 255
"""Length of what is not ASCII, empty or longer than this: its letters are not looked at."""


@dataclass(frozen=True)
class Shapes:
    """For each text its letters (as many bits of a bucket as it has letters there) and its length, 0 for null."""

    letters: npt.NDArray[np.uint64]
    length: npt.NDArray[np.uint8]

    def take(self, rows: npt.NDArray[np.int64], mode: Literal["raise", "clip"] = "raise") -> Shapes:
        """Some of them."""
        return Shapes(self.letters.take(rows, mode=mode), self.length.take(rows, mode=mode))


def shapes(texts: pa.ChunkedArray) -> Shapes:
    """The shapes of many texts, each different one looked at once."""
    told = texts.combine_chunks().dictionary_encode(null_encoding="encode")
    return _all_shapes(told.dictionary).take(told.indices.to_numpy())


def _all_shapes(texts: pa.StringArray) -> Shapes:
    whole = texts.cast(pa.large_string())
    parts = [_shapes(whole.slice(at, SLICE)) for at in range(0, len(whole), SLICE)] or [_shapes(whole)]
    return Shapes(np.concatenate([p.letters for p in parts]), np.concatenate([p.length for p in parts]))


def _shapes(texts: pa.LargeStringArray) -> Shapes:
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    bytes_ = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    size = np.diff(ends)
    place = np.repeat(np.arange(0, BUCKETS * len(texts), BUCKETS), size) + (bytes_ & (BUCKETS - 1))
    counts = np.minimum(np.bincount(place, minlength=BUCKETS * len(texts)), MOST).astype(np.uint8)
    ones = _ONES[counts]
    letters = (ones[0::2] | ones[1::2] << MOST).view(np.uint64)  # two buckets a byte, eight bytes a text
    told = (size > 0) & (size < UNTOLD)
    if (bytes_ > 127).any():
        told &= np.bincount(np.repeat(np.arange(len(texts)), size)[bytes_ > 127], minlength=len(texts)) == 0
    length = np.where(texts.is_null().to_numpy(zero_copy_only=False), 0, np.where(told, size, UNTOLD))
    return Shapes(letters, length.astype(np.uint8))


_ONES = np.array([(1 << many) - 1 for many in range(MOST + 1)], np.uint8)
"""As many bits as there are letters in a bucket."""


def slips(left: Shapes, right: Shapes, most: float) -> Flags:
    """Where two texts may be `most` slips (Damerau's, or Levenshtein's) apart: each changes two letters at most."""
    near: Flags = np.bitwise_count(left.letters ^ right.letters) <= 2 * most
    return _told(left, right, near)


def alike(left: Shapes, right: Shapes, least: float) -> Flags:
    """Where Jaro and Winkler's similarity of two texts may be `least`.

    (c/a + c/b + 1) / 3 is Jaro's of texts of a and b letters with c in common, at most; a common beginning brings it
    up to four tenths nearer to one.
    """
    jaro = (least - 0.4) / 0.6 - 1e-9
    a, b = left.length.astype(np.float32), right.length.astype(np.float32)
    common = (a + b - np.bitwise_count(left.letters ^ right.letters)) / 2
    return _told(left, right, common * (a + b) >= (3 * jaro - 1) * a * b - 1e-3)


def _told(left: Shapes, right: Shapes, near: Flags) -> Flags:
    untold = (left.length == UNTOLD) | (right.length == UNTOLD)
    known: Flags = (left.length > 0) & (right.length > 0) & (near | untold)
    return known
