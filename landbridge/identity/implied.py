"""What people's words come to among the profiles that are there.

A word outlives its profiles: of whom two words make one with somebody who is gone since, the two stay one, and whoever
is another than he was stays another than they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

from landbridge.identity.clustering import Pair


def among(here: Collection[str], same: list[Pair], different: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The words about profiles that are `here`, with what those about others say of them. The order of the words never
    matters."""
    ties = [(left, right) for left, right in same if left in here and right in here]
    stand_in: dict[str, str] = {}
    for group in _groups(same):
        present = sorted(group.intersection(here))
        if 0 < len(present) < len(group):
            ties += pairwise(present)
            stand_in |= dict.fromkeys(group.difference(present), present[0])
    apart = [(stand_in.get(left, left), stand_in.get(right, right)) for left, right in different]
    return ties, [(left, right) for left, right in apart if left != right and left in here and right in here]


def _groups(pairs: Iterable[Pair]) -> list[set[str]]:
    """Who hangs together."""
    group: dict[str, set[str]] = {}
    for left, right in pairs:
        few, many = sorted((group.setdefault(end, {end}) for end in (left, right)), key=len)
        if few is not many:
            many |= few
            group.update(dict.fromkeys(few, many))
    return list({id(each): each for each in group.values()}.values())
