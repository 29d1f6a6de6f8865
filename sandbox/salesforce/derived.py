"""Fields that Salesforce works out itself when a row is saved."""

from sandbox.salesforce.tables import Row

_WON, _LOST = "Closed Won", "Closed Lost"


def derived_values(object_name: str, row: Row) -> Row:
    """The worked-out fields of a row about to be saved."""
    if object_name in ("Lead", "Contact", "User"):
        return {"Name": " ".join(str(row[part]) for part in ("FirstName", "LastName") if row.get(part))}
    if object_name == "Opportunity":
        stage = row.get("StageName")
        return {"IsWon": stage == _WON, "IsClosed": stage in (_WON, _LOST)}
    if object_name == "Task":
        return {"IsClosed": row.get("Status") == "Completed"}
    if object_name == "CampaignMember":
        return {"HasResponded": row.get("Status") == "Responded"}
    return {}
