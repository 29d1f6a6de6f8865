"""What is compared, in SQL over two rows of features: each comparison a ladder of levels, the best that holds counts.

A level's name is what models, evidence and explanations call it. The weights are not here: they are learned
(training.py) and kept with the model. `by_base` marks a level whose chance among strangers falls as the base grows
(two strangers under one roof or on one mailbox are as rare as the base is large); its `u` is scaled by the size of
the base at hand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One rung. `rarity`: column whose value's own frequency replaces the average one (rare names weigh more).

    `most`, `least`: bits it may weigh at most and at least, where the bases learned from were kinder than life.
    `always`: bits it weighs in every model, where another comparison tells the same tale already.
    """

    name: str
    sql: str
    rarity: str | None = None
    by_base: bool = False
    most: float | None = None
    least: float | None = None
    always: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Kind of evidence. `absent`: when nothing can be compared. `values`: columns that show a person what was
    compared."""

    name: str
    absent: str
    levels: tuple[Level, ...]
    values: str
    against: float = -8.0
    """Bits that a difference may weigh at most: people have several handles, mailboxes and numbers."""

    @property
    def ladder(self) -> tuple[Level, ...]:
        """The levels with the last rung, where nothing held."""
        return (*self.levels, Level("different", "ELSE"))


SIGNED = "signed"
"""The level of what agrees with a signature only: it asks, and never joins (resolve.conclude)."""

NAMESAKE = "namesake"
"""The comparison that takes back what two names have in common: pairs do not teach it, a base's names do."""


def _both_empty(column: str) -> str:
    return f"len({column}_l) = 0 OR len({column}_r) = 0"


def _shares(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


_SWAPPED = (
    "(given_l = family_r AND (family_l = given_r OR jaro_winkler_similarity(family_l, given_r) >= 0.88))"
    " OR (family_l = given_r AND jaro_winkler_similarity(given_l, family_r) >= 0.88)"
)
_BOTH_NAMES = "(given_l = given_r AND family_l = family_r)"
_SLIP = (
    "(jaro_winkler_similarity({0}_l, {0}_r) >= {1} OR (levenshtein({0}_l, {0}_r) <= 2"
    " AND damerau_levenshtein({0}_l, {0}_r) <= 1))"
)
_ONE_SLIP = (  # what costs little first: the last one alone takes ten times as long on addresses
    "abs(length({0}) - length({1})) <= 1 AND levenshtein({0}, {1}) <= 2 AND damerau_levenshtein({0}, {1}) = 1"
)
_ALIKE = (
    "(jaro_winkler_similarity({0}_l, {0}_r) >= {2} OR (least(length({0}_l), length({0}_r)) > {1}"
    " AND jaro_winkler_similarity({0}_l, {0}_r) >= 0.6 AND damerau_levenshtein({0}_l, {0}_r) = 2))"
)
"""Two slips."""
_SAME_DIGITS = "regexp_replace(all_emails_l[1], '[^0-9]', '', 'g') = regexp_replace(all_emails_r[1], '[^0-9]', '', 'g')"
_OTHER_LETTERS = (
    "regexp_replace(all_emails_l[1], '[._-]', '', 'g') != regexp_replace(all_emails_r[1], '[._-]', '', 'g')"
)
"""john.smith@ and john_smith@ of one provider are two people's; jhon.smith@ is a slip."""
_PARTS_OF_DATE = (
    "(left(birth_date_l, 4) = left(birth_date_r, 4))::INT + (birth_date_l[6:7] = birth_date_r[6:7])::INT"
    " + (right(birth_date_l, 2) = right(birth_date_r, 2))::INT"
)
"""Of year, month and day, how many agree."""
_NAMED = " AND given_l IS NOT NULL AND given_r IS NOT NULL"
_SAME_AREA = "(postcode_l = postcode_r OR city_l = city_r)"
_HOUSE = "street_l = street_r AND " + _SAME_AREA
_SIMILAR_HOUSE = (
    "house_number_l = house_number_r AND jaro_winkler_similarity(street_l, street_r) >= 0.9 AND " + _SAME_AREA
)
_SLIPPED_AREA = (
    "(length(postcode_l) > 3 AND damerau_levenshtein(postcode_l, postcode_r) = 1"
    " OR length(city_l) > 4 AND jaro_winkler_similarity(city_l, city_r) >= 0.88)"
)
_SIMILAR_STREET = (
    "coalesce(house_number_l = house_number_r, true) AND (street_l = street_r"
    " OR length(street_l) > 6 AND jaro_winkler_similarity(street_l, street_r) >= 0.9)"
)
_SLIP_BETWEEN_NAMES = (
    "given_known_l AND given_known_r AND least(length(given_l), length(given_r)) > 3 AND given_l[1] = given_r[1]"
    " AND right(given_l, 1) = right(given_r, 1) AND damerau_levenshtein(given_l, given_r) = 1"
)
"""Lisa and Lias, Jane and Jayne: a slip, or two names. Paul and Paula end otherwise: they are two."""
_CROSSED = (
    "(given_l = family_r OR family_l = given_r"
    " OR length(given_l) > 4 AND jaro_winkler_similarity(given_l, family_r) >= 0.92"
    " OR length(family_l) > 4 AND jaro_winkler_similarity(family_l, given_r) >= 0.92)"
)
"""One of the names stands in the other's place."""
_SAME_FAMILY = f"(family_l = family_r OR {_shares('parts')} OR length(family_l) > 3 AND {_SLIP.format('family', 0.93)})"
_NEAR_HOUSE = f"({_SIMILAR_STREET}) AND {_SLIPPED_AREA}"
_USED_TOGETHER = (
    f"({_shares('all_emails')} AND NOT {_shares('emails')} OR {_shares('all_phones')} AND NOT {_shares('phones')})"
    f" AND NOT coalesce(given_l[1] = given_r[1] OR {_shares('roots')}, false)"
)
"""A mailbox or number that several names use, and first names that do not agree: a family, or an office. They share the
roof and mostly the last name, so that neither is said once more."""
_KIN = f"(({_HOUSE}) OR ({_SIMILAR_HOUSE}) OR ({_NEAR_HOUSE})) AND {_SAME_FAMILY}"

COMPARISONS = (
    Comparison(
        "given",
        "given_l IS NULL OR given_r IS NULL",
        (
            Level("initial", "(length(given_l) = 1 OR length(given_r) = 1) AND given_l[1] = given_r[1]"),
            Level("same", "given_l = given_r", rarity="given"),  # Splink adjusts for rarity on a bare equality only
            Level("swapped", _SWAPPED),
            Level("nickname", _shares("roots")),
            Level("middle", "given_l = middle_r OR given_r = middle_l"),  # known by the middle name
            Level("similar", "NOT (given_known_l AND given_known_r) AND " + _SLIP.format("given", 0.92)),
            Level("alike", "NOT (given_known_l AND given_known_r) AND " + _ALIKE.format("given", 4, 0.8)),
            Level("slip", _SLIP_BETWEEN_NAMES),
            Level("crossed", _CROSSED, most=6.0),
        ),
        "given",
    ),
    Comparison(
        "family",
        "family_l IS NULL OR family_r IS NULL",
        (
            Level("kin", _KIN, always=1.0),  # who lives there is mostly called so: `address` tells the rest
            Level("kin_shared", f"{_USED_TOGETHER} AND {_SAME_FAMILY}", always=1.0),
            Level("same", "family_l = family_r", rarity="family"),
            Level("swapped", _SWAPPED, always=0.0),  # told by `given`
            Level("part", _shares("parts")),
            Level("similar", "length(family_l) > 3 AND " + _SLIP.format("family", 0.93)),
            Level("alike", _ALIKE.format("family", 5, 0.88)),
            Level("crossed", _CROSSED, always=0.0),
        ),
        "family",
    ),
    Comparison(  # first and last names go together by language: both say less than the two alone (fitting.py)
        NAMESAKE,
        f"NOT coalesce({_BOTH_NAMES}, false)",
        (Level("both", _BOTH_NAMES),),
        "concat_ws(' ', {0}.given, {0}.family)",
        against=0.0,
    ),
    Comparison(
        "middle",
        "middle_l IS NULL OR middle_r IS NULL",
        (
            Level("same", "length(middle_l) > 1 AND middle_l = middle_r"),
            Level("initial", "middle_l[1] = middle_r[1]"),
        ),
        "middle",
        against=-4.0,
    ),
    Comparison(
        "email",
        _both_empty("all_emails"),
        (
            Level("personal", _shares("emails"), by_base=True),
            Level("shared", _shares("all_emails") + _NAMED, by_base=True),
            Level("shared_nameless", _shares("all_emails"), by_base=True),
            Level(
                "similar",
                f"length(all_emails_l[1]) > 10 AND {_ONE_SLIP.format('all_emails_l[1]', 'all_emails_r[1]')} AND "
                + _SAME_DIGITS
                + " AND "
                + _OTHER_LETTERS,
                by_base=True,
                most=12.0,
            ),
            Level("mailbox", _shares("mailboxes"), most=-0.5),  # the name again, no more
        ),
        "all_emails",
    ),
    Comparison(
        "phone",
        "(" + _both_empty("all_phones") + f") AND NOT coalesce({_shares('signed_phones')}, false)",
        (
            Level("personal", _shares("phones"), by_base=True),
            Level("shared", _shares("all_phones") + _NAMED, by_base=True),
            Level("shared_nameless", _shares("all_phones"), by_base=True),
            Level(SIGNED, _shares("signed_phones"), always=8.0),
            Level("similar", _ONE_SLIP.format("all_phones_l[1]", "all_phones_r[1]")),
        ),
        "array_to_string(list_distinct(list_concat({0}.all_phones, {0}.signed_phones)), ', ')",
    ),
    Comparison(
        "handle",
        "(" + _both_empty("all_handles") + f") AND NOT coalesce({_shares('aliases')}, false)",
        (
            Level("personal", _shares("handles"), by_base=True),
            Level("alias", _shares("aliases"), by_base=True),
            Level("shared", _shares("all_handles"), by_base=True),
        ),
        "all_handles",
        against=-2.5,
    ),
    Comparison(
        "birth_date",
        "birth_date_l IS NULL OR birth_date_r IS NULL",
        (
            Level("same", "birth_date_l = birth_date_r", rarity="birth_date"),
            Level("swapped", "birth_swapped_l = birth_date_r"),
            Level(
                "similar",
                "damerau_levenshtein(birth_date_l, birth_date_r) = 1 OR (left(birth_date_l, 4) = left(birth_date_r, 4)"
                " AND (right(birth_date_l, 5) = '01-01' OR right(birth_date_r, 5) = '01-01'))",
            ),
            Level("two_parts", _PARTS_OF_DATE + " = 2"),
            Level("near", _PARTS_OF_DATE + " = 1", least=-4.0),
        ),
        "birth_date",
    ),
    Comparison(
        "address",
        "(street_l IS NULL OR street_r IS NULL) AND (postcode_l IS NULL OR postcode_r IS NULL)"
        " AND (city_l IS NULL OR city_r IS NULL)",
        (
            Level("home_shared", f"{_USED_TOGETHER} AND {_SAME_AREA}", always=1.0),
            Level("house", _HOUSE, by_base=True),
            Level("similar", _SIMILAR_HOUSE, by_base=True),
            Level("near", _NEAR_HOUSE, by_base=True),
            Level("kin_postcode", "postcode_l = postcode_r AND family_l = family_r", always=1.0),  # relatives live near
            Level("kin_town", "city_l = city_r AND family_l = family_r", always=1.0),
            Level("postcode", "postcode_l = postcode_r", rarity="postcode"),
            Level("street", "street_l = street_r", most=8.0),  # of many towns
            Level("city", "city_l = city_r", rarity="city"),
            Level("city_similar", "length(city_l) > 4 AND jaro_winkler_similarity(city_l, city_r) >= 0.93"),
        ),
        "concat_ws(', ', {0}.street, {0}.postcode, {0}.city)",
    ),
    Comparison(
        "company",
        f"({_both_empty('company_keys')}) AND NOT coalesce({_shares('signed_company_keys')}, false) OR "
        + _shares("all_emails"),
        (Level("same", _shares("company_keys")), Level(SIGNED, _shares("signed_company_keys"), always=2.0)),
        "array_to_string({0}.signed_company_keys, ', ')",
    ),
)

LEARNED = tuple(comparison for comparison in COMPARISONS if comparison.name != NAMESAKE)
"""Those that pairs teach."""

RARITY = tuple(sorted({level.rarity for c in COMPARISONS for level in c.levels if level.rarity}))
"""Columns whose values are weighed by how common they are."""
