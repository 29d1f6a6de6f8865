"""What is wrong in a file is told with file, line and what to do; what is equal in meaning has one hash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from landbridge.errors import RuleInvalid
from landbridge.mapping.load import Mapping, load

GOOD = """\
system: acme
version: 1
streams:
  people:
    key: id
    person:
      full_name: name
      email: [mail, {from: other, clean: lower}]
    ignore: [b, a]
"""


def write(folder: Path, text: str, name: str = "acme.yaml") -> Path:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / name).write_text(text, encoding="utf-8")
    return folder


def told(folder: Path, text: str) -> str:
    with pytest.raises(RuleInvalid) as caught:
        load(write(folder, text))
    assert caught.value.do
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("full_name: name", "fullname: name", 7, "Did you mean 'full_name'?"),
        ("full_name: name", "full_name: {frm: name}", 7, "Did you mean 'from'?"),
        ("full_name: name", "full_name: a..b", 7, "no path to a field"),
        ("full_name: name", "full_name: {from: [a, b]}", 7, "`join`"),
        ("full_name: name", "full_name: {from: a, value: b}", 7, "exactly one of"),
        ("full_name: name", "full_name: {from: a, clean: shiny}", 7, "clean"),
        ("full_name: name", "full_name:", 7, "nothing after the colon"),
        ("full_name: name", "country: {value: NO}", 7, 'Write "NO" in quotes'),
        ("full_name: name", "postcode: {value: 0123}", 7, 'Write "0123" in quotes'),
        ("full_name: name", "birth_date: {value: 2020-01-01}", 7, "in quotes"),
        ("full_name: name", "country: {from: a, lookup: {NO: Norway}}", 7, 'Write "NO" in quotes'),
        ("full_name: name", "full_name: name\n      full_name: nom", 8, "again (first on line 7)"),
        ("full_name: name", "\tfull_name: name", 7, "Use spaces"),
        ("full_name: name", "handle: {from: a}", 7, "'network' is missing"),
        ("full_name: name", "reference: {from: a, to: salesforce}", 7, "to"),
        ("full_name: name", "consent: {channel: email}", 7, "refused_when or granted_when"),
        ("full_name: name", "full_name: {from: a, when: {field: b}}", 7, "one thing"),
        ("full_name: name", 'full_name: {from: a, when: {field: b, matches: "("}}', 7, "regular expression"),
        ("full_name: name", "full_name: {from: &a name}\n      title: *a", 8, "alias"),
        ("    key: id\n", "", 4, "`key` is missing"),
        ("ignore: [b, a]", "ignore: [b, name]", 9, "mapped and ignored"),
        ("version: 1", "version: soon", 2, "version"),
        ("system: acme", "system: other", 1, "named acme.yaml"),
        (
            "    ignore: [b, a]",
            "    touchpoints: [{kind: call, at: t, person: {stream: x, key: y}}]",
            9,
            "no stream 'x'",
        ),
        ("    ignore: [b, a]", "    touchpoints: [{kind: call, at: t}, {kind: call, at: u}]", 4, "tell them apart"),
        ("streams:", "streams: [", 5, "no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    message = told(tmp_path, GOOD.replace(old, new, 1))
    wanted = f"sources/acme.yaml, line {line}: "
    assert any(each.startswith(wanted) and words in each for each in message.splitlines()), message


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("full_name", "fullname").replace("version: 1", "version: 0"))
    write(tmp_path, GOOD.replace("system: acme", "system: zeta").replace("key: id", "kee: id"), "zeta.yaml")
    with pytest.raises(RuleInvalid) as caught:
        load(tmp_path)
    message = str(caught.value)
    assert [line.split(":")[0] for line in message.splitlines()] == [
        "sources/acme.yaml, line 2",
        "sources/acme.yaml, line 7",
        "sources/zeta.yaml, line 5",
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "just words\n", "- a\n- b\n", "[" * 1500, "a: b\n---\nc: d\n"])
def test_a_file_that_is_no_mapping_at_all(tmp_path: Path, text: str) -> None:
    assert "sources/acme.yaml, line " in told(tmp_path, text)


def test_what_is_nested_without_end_does_not_end_us(tmp_path: Path) -> None:
    assert "line 7: is nested too deeply" in told(
        tmp_path, GOOD.replace("full_name: name", "full_name: " + "[" * 100_000 + "]" * 100_000)
    )


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "sources" / "acme.yaml").write_bytes(GOOD.replace("name", "größe").encode("latin-1"))
    with pytest.raises(RuleInvalid, match="line 7: is not written in UTF-8"):
        load(tmp_path)


def test_no_word_of_yaml_makes_an_object(tmp_path: Path) -> None:
    assert "YAML tag" in told(tmp_path, GOOD.replace("full_name: name", "full_name: !!python/name:os.system x"))


def test_numbers_and_booleans_stay_the_text_that_they_are(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of("person: {full_name: {from: n, when: {field: f, is: [true, 1, 1.10]}}}")
    assert mapping.streams["people"].person.full_name[0].when[0].equals == ("true", "1", "1.10")


@pytest.mark.parametrize(
    "same",
    [
        GOOD + "# a remark\n",
        GOOD.replace("[b, a]", "[a, b]"),
        GOOD.replace("full_name: name", 'full_name: {"from": "name"}'),
        GOOD.replace("full_name: name", "full_name: [{from: [name]}]"),
        "version: 1\nsystem: acme\n" + GOOD.partition("version: 1\n")[2],
    ],
)
def test_what_means_the_same_has_the_same_hash(tmp_path: Path, same: str) -> None:
    first = load(write(tmp_path, GOOD))["acme"]
    second = load(write(tmp_path, same))["acme"]
    assert first == second and first.content_hash == second.content_hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("full_name: name", "full_name: nom"),
        ("[mail, {from: other, clean: lower}]", "[{from: other, clean: lower}, mail]"),
        ("ignore: [b, a]", "ignore: [b]"),
    ],
)
def test_what_means_something_else_has_another_hash(tmp_path: Path, old: str, new: str) -> None:
    first = load(write(tmp_path, GOOD))["acme"]
    assert first != load(write(tmp_path, GOOD.replace(old, new)))["acme"]


def test_synonyms_count_for_files_that_use_them(tmp_path: Path) -> None:
    text = 'system: acme\nversion: 1\nstreams:\n  "*":\n    columns: recognised\n'
    (tmp_path / "columns.yaml").write_text("email: [mail]\n")
    first = load(write(tmp_path, text))["acme"].content_hash
    (tmp_path / "columns.yaml").write_text("email: [courriel]\n")
    assert load(tmp_path)["acme"].content_hash != first


def test_a_stream_that_the_file_does_not_have(mapping_of: Callable[[str], Mapping]) -> None:
    with pytest.raises(RuleInvalid, match="nothing about the stream 'cars'"):
        mapping_of("person: {full_name: name}").stream("cars")


def test_a_wrong_synonym_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "columns.yaml").write_text("email: [mail]\nphone: [mail]\nshoe_size: [eu]\ncity: town\n")
    with pytest.raises(RuleInvalid) as caught:
        load(tmp_path)
    lines = [line.split(": ")[0].rpartition(" ")[2] for line in str(caught.value).splitlines()]
    assert lines == ["2", "3", "4"]
