"""Thresholds by expected precision: what is asked for is what is got, on the base at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from landbridge import config
from landbridge.bootstrap import Hub
from landbridge.errors import ConfigInvalid
from landbridge.identity.model import Model, default_model
from landbridge.identity.picture import thresholds_svg
from landbridge.identity.thresholds import applied, choices, expected_precision, weight_for
from landbridge.store.engine import Store
from tests.identity.test_stage import ANNA, ANNA_AGAIN, BERT, put, resolved, rows

MODEL = default_model()


@pytest.mark.parametrize("precision", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("size", [100, 100_000, 1_000_000])
def test_the_lowest_weight_that_is_sure_enough(precision: float, size: int) -> None:
    weight = weight_for(MODEL, precision, size)
    assert expected_precision(MODEL, weight, size) >= precision > expected_precision(MODEL, weight - 0.25, size)


def test_precision_never_falls_as_weight_rises() -> None:
    found = [expected_precision(MODEL, bits / 2, 50_000) for bits in range(-40, 80)]
    assert found == sorted(found)


def test_other_thresholds_are_another_version() -> None:
    assert applied(MODEL, 1000, None, None) is MODEL
    strict, stricter = applied(MODEL, 1000, 0.98, 0.7), applied(MODEL, 1000, 0.99, 0.7)
    assert MODEL.link < strict.link < stricter.link
    assert len({MODEL.version, strict.version, stricter.version}) == 3
    with pytest.raises(ConfigInvalid, match=r"cannot ask from a precision of 0\.999 and link from 0"):
        applied(MODEL, 1000, None, 0.999)
    lax = applied(replace(MODEL, review=9.0), 1000, 0.55, None)
    assert lax.review == lax.link, "the model's own threshold gives way"


class Calibrated(Model):
    """A model that says how sure a weight is in a base of some size, as a calibrated one does."""

    def expected_precision(self, weight: float, size: int) -> float:
        """The larger the base, the more evidence it takes."""
        return 1 / (1 + size / 1000 * 2.0**-weight)


def test_thresholds_do_not_go_back_and_forth_as_profiles_come_and_go() -> None:
    model = Calibrated(**vars(MODEL))
    now, seen = "", []
    for size in (1180, 1188, 1190, 1188, 1190, 1189, 1200, 1189):
        now = applied(model, size, 0.95, 0.6, now).version
        seen.append(now)
    assert len({applied(model, size, 0.95, 0.6).version for size in (1180, 1200)}) == 2
    assert len(set(seen)) == 1
    assert applied(model, 2400, 0.95, 0.6, now).link > applied(model, 1200, 0.95, 0.6, now).link
    assert applied(model, 1200, 0.98, 0.6, now).link > applied(model, 1200, 0.95, 0.6, now).link
    assert applied(model, 1200, None, None, now) == model


@pytest.fixture
def people(store: Store) -> Store:
    put(store, "hubspot/contacts/1", ANNA)
    put(store, "zendesk/users/1", ANNA_AGAIN)
    put(store, "zendesk/users/2", BERT)
    put(store, "zendesk/users/3", {"full_name": "Bert Okafor", "city": "Leeds"})
    put(store, "zendesk/users/4", {"full_name": "B. Okafor", "city": "Leeds"})
    resolved(store)
    return store


def test_each_pair_is_linked_or_asked_about(people: Store) -> None:
    pairs = rows(people, f"SELECT weight FROM match WHERE weight >= {MODEL.review}")
    found = choices(people, MODEL)
    assert all(choice.linked + choice.asked == len(pairs) for choice in found)
    assert [choice.bits for choice in found] == sorted(choice.bits for choice in found)
    (now,) = [choice for choice in found if choice.in_force]
    assert (now.bits, now.linked) == (MODEL.link, sum(weight >= MODEL.link for (weight,) in pairs))
    assert [choice.linked_right for choice in found] == sorted(choice.linked_right for choice in found)


def test_what_groups_refuse_is_asked_whatever_it_weighs(people: Store) -> None:
    before = choices(people, MODEL)
    strongest = "(SELECT max(weight) FROM match)"
    rows(people, f"UPDATE match SET refused = 'too large', band = 'review' WHERE weight = {strongest} RETURNING 1")
    after = choices(people, MODEL)
    assert [choice.asked - 1 for choice in after] == [choice.asked for choice in before]
    assert [choice.linked + 1 for choice in after] == [choice.linked for choice in before]


def test_a_base_of_nobody(store: Store) -> None:
    assert all((choice.linked, choice.asked) == (0, 0) for choice in choices(store, MODEL))
    ElementTree.fromstring(thresholds_svg(choices(store, MODEL), "m"))


def test_the_picture_is_svg_and_says_what_is_in_force(people: Store) -> None:
    drawn = thresholds_svg(choices(people, MODEL), "<script>")
    assert "<script>" not in drawn
    texts = {node.text for node in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}
    assert {"in force", "links from this weight on (bits)"} <= texts


def hub(folder: Path, store: Store, identity: str) -> Hub:
    file = folder / "landbridge.yaml"
    file.write_text(f"database: {store.uri!r}\nidentity: {identity}\naccounts: {{}}\n")
    return Hub(config.load(file))


def test_the_configuration_chooses(people: Store, tmp_path: Path) -> None:
    chosen = hub(tmp_path, people, "{link_precision: 0.99}")
    assert chosen.model.link == weight_for(MODEL, 0.99, 5)
    assert chosen.model.review == MODEL.review
    chosen.close()


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("{link_precision: 2}", "line 2: identity.link_precision input should be less than 1"),
        ("{link_precision: much}", "identity.link_precision must be a number"),
        ("{link_precison: 0.9}", "is no setting"),
        ("{link_precision: 0.9, review_precision: 0.9}", "must ask at a lower precision than it links at"),
    ],
)
def test_what_makes_no_sense_is_told(store: Store, tmp_path: Path, identity: str, told: str) -> None:
    with pytest.raises(ConfigInvalid, match=told):
        hub(tmp_path, store, identity)
