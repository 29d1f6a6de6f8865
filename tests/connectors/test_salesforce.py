"""Salesforce against its stand-in: read, written, looked up and described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from connectors.base import Access, AccessRefused, Connector, Receipt, SourceUnavailable, Write
from connectors.salesforce_write import describe, look_up, write
from tests.connectors.conformance import HttpContract, read
from tests.connectors.conftest import Sandbox

EXTERNAL = "Landbridge_Id__c"
Named = Callable[[str], str]


class TestSalesforce(HttpContract):
    system = "salesforce"
    streams = ("Lead", "Contact", "Account", "Opportunity")
    options: ClassVar = {"page_rows": 6}

    def test_a_contact_brings_its_companys_name(self, connector: Connector, access: Access) -> None:
        contacts = [row for page in read(connector, access, "Contact") for row in page.rows]
        assert any(row["Account"]["Name"] for row in contacts if row.get("Account"))

    def test_a_lead_that_left_the_bin_is_told_to_be_gone(
        self, connector: Connector, access: Access, sandbox: Sandbox, named: Named
    ) -> None:
        """Deletions of this minute are in the log of the next, so these happen a while ago."""
        before = read(connector, access, "Lead")[-1].checkpoint
        sandbox.order("clock", advance=-3600)
        purged, there = (made(access, lead(name, named(name), LastName="x")) for name in ("purged", "there"))
        send(access, Write("r", "Lead", "Id", purged, {}, delete=True))
        sandbox.order("clock", advance=3600)
        sandbox.order("switch", bin_days=0)
        early = before | {"deleted": _ago(before["deleted"], hours=2)}
        told = read(connector, access, "Lead", early)[-1]
        sandbox.order("switch", bin_days=None)
        assert [row for row in told.partly if row["Id"] in (purged, there)] == [{"Id": purged, "IsDeleted": True}]
        again = read(connector, access, "Lead", early)[-1]
        assert purged not in [row["Id"] for row in again.partly], (
            "what lies in the bin is there, though no page shows it"
        )

    def test_an_upsert_twice_is_one_lead(self, access: Access, named: Named) -> None:
        key = named("o'neil/\\x?y#z")
        first = send(access, lead("r1", key, LastName="O'Neil"))
        again = send(access, lead("r1", key, LastName="O'Neil"))
        assert [(r.ref, r.outcome, r.created) for r in (*first, *again)] == [
            ("r1", "done", True),
            ("r1", "done", False),
        ]
        found = look_up(access, "Lead", EXTERNAL, [key.upper(), "nobody"], ["LastName"])
        assert {value: row["LastName"] for value, row in found.items()} == {key.lower(): "O'Neil"}
        assert found[key.lower()]["Id"] == first[0].id == again[0].id

    def test_a_record_found_by_its_id_is_updated(self, access: Access, named: Named) -> None:
        (made,) = send(access, lead("r1", named("by-id"), LastName="Before"))
        assert made.id is not None
        (changed,) = send(access, Write("r2", "Lead", "Id", made.id, {"LastName": "After"}))
        assert (changed.outcome, changed.id, changed.created) == ("done", made.id, False)
        assert look_up(access, "Lead", "Id", [made.id], ["LastName"])[made.id.lower()]["LastName"] == "After"

    def test_one_refused_row_does_not_keep_the_others_out(self, access: Access, named: Named) -> None:
        good, bad = lead("good", named("good"), LastName="x"), Write("bad", "Lead", EXTERNAL, named("bad"), {})
        receipts = {receipt.ref: receipt for receipt in send(access, good, bad)}
        assert receipts["good"].outcome == "done"
        assert (receipts["bad"].outcome, receipts["bad"].code) == ("refused", "REQUIRED_FIELD_MISSING")

    def test_the_same_id_twice_in_one_go_ends_with_the_last(self, access: Access, named: Named) -> None:
        key = named("twice")
        receipts = send(access, lead("r1", key, LastName="One"), lead("r2", key.upper(), LastName="Two"))
        assert [r.outcome for r in receipts] == ["done", "done"]
        assert look_up(access, "Lead", EXTERNAL, [key], ["LastName"])[key.lower()]["LastName"] == "Two"

    @pytest.mark.parametrize("kind", ["timeout", "cut", "server_error", "rate_limit", "expired_token"])
    def test_whatever_happens_a_write_ends_as_one_lead(
        self, kind: str, access: Access, sandbox: Sandbox, named: Named
    ) -> None:
        """Unknown is looked up, not guessed; sent again, it is still one."""
        writes = [lead(f"r{n}", named(f"{kind}-{n}"), LastName=f"Name {n}") for n in range(5)]
        sandbox.order("faults", faults=f"{kind}=50%")
        left = list(writes)
        for _ in range(60):
            done = {receipt.ref for receipt in attempt(access, left) if receipt.outcome == "done"}
            left = [each for each in left if each.ref not in done]
            if not left:
                break
        sandbox.order("faults", faults="")
        found = look_up(access, "Lead", EXTERNAL, [each.match_value for each in writes], ["LastName"])
        assert (left, sorted(row["LastName"] for row in found.values())) == ([], [f"Name {n}" for n in range(5)])

    def test_a_deletion_is_done_once_and_a_field_is_emptied_by_null(self, access: Access, named: Named) -> None:
        kept, gone = send(access, *(lead(n, named(n), LastName="x", Title="y") for n in ("kept", "gone")))
        assert kept.id and gone.id
        emptied = Write("r1", "Lead", "Id", kept.id, {"Title": None})
        deletions = [Write(ref, "Lead", "Id", gone.id, {}, delete=True) for ref in ("r2", "r3")]
        assert [r.outcome for r in send(access, emptied, *deletions)] == ["done"] * 3
        found = look_up(access, "Lead", "Id", [kept.id, gone.id], ["Title"])
        assert {crm_id: row["Title"] for crm_id, row in found.items()} == {kept.id.lower(): None}

    def test_fields_are_described_by_name(self, access: Access) -> None:
        fields = describe(access, "Lead")
        assert fields[EXTERNAL]["externalId"] is True
        assert fields["LastName"]["length"] == 80

    def test_the_days_limit_is_a_wait_and_no_refusal(self, access: Access, sandbox: Sandbox) -> None:
        sandbox.order("switch", daily_api_requests=1)
        try:
            with pytest.raises(SourceUnavailable, match="the day's calls"):
                look_up(access, "Lead", EXTERNAL, ["x"], [])
        finally:
            sandbox.order("switch", daily_api_requests=10_000_000)

    def test_without_its_ca_the_host_is_not_trusted(self, connector: Connector, access: Access) -> None:
        with pytest.raises(SourceUnavailable):
            connector.check(replace(access, ca_file=None))
        with pytest.raises(AccessRefused, match="CA file"):
            connector.check(replace(access, ca_file="no-such-file.pem"))


@pytest.fixture
def named(request: pytest.FixtureRequest) -> Named:
    """External ids that no other test uses: all of them share one sandbox."""
    return lambda text: f"{request.node.name}-{text}"[-200:]


def lead(ref: str, key: str, **values: str) -> Write:
    return Write(ref, "Lead", EXTERNAL, key, {"Company": "Acme", **values})


def send(access: Access, *writes: Write) -> list[Receipt]:
    return list(write(access, writes))


def attempt(access: Access, writes: list[Write]) -> list[Receipt]:
    """The receipts until the system failed, if it did."""
    receipts: list[Receipt] = []
    try:
        receipts.extend(write(access, writes))
    except (SourceUnavailable, AccessRefused):
        return receipts
    return receipts


def made(access: Access, wanted: Write) -> str:
    """The Id of a record that is made."""
    (receipt,) = send(access, wanted)
    assert receipt.id
    return receipt.id


def _ago(stamp: str, **back: int) -> str:
    return (datetime.fromisoformat(stamp) - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%SZ")
