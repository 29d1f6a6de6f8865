"""How an object tells about itself: describe, the list of all objects, and the basic information."""

from __future__ import annotations

from functools import cache
from typing import Any

from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import TEXT_TYPES, Field, SObject

_XML_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip
_DIGITS = {"double": (18, 0), "currency": (18, 2), "percent": (3, 0)}
_LABELS = {"OpportunityContactRole": "Opportunity Contact Role", "CampaignMember": "Campaign Member"}
_READ_ONLY = frozenset({"Organization"})


def describe(definition: SObject, base: str) -> dict[str, Any]:
    """The whole description; `base` is the path of the API version."""
    return {
        **summary(definition, base),
        "childRelationships": _children(definition.name),
        "recordTypeInfos": [],
        "fields": [describe_field(field) for field in definition.fields.values()],
    }


def summary(definition: SObject, base: str) -> dict[str, Any]:
    """The description without fields, as the list of all objects has it."""
    name, path = definition.name, f"{base}/sobjects/{definition.name}"
    label, writable = _LABELS.get(name, name), name not in _READ_ONLY
    flags = ("createable", "deletable", "updateable", "undeletable", "mergeable", "replicateable", "triggerable")
    return {
        "name": name,
        "label": label,
        "labelPlural": label.removesuffix("y") + "ies" if label.endswith("y") else label + "s",
        "keyPrefix": definition.prefix,
        "custom": False,
        "customSetting": False,
        "deprecatedAndHidden": False,
        "queryable": True,
        "retrieveable": True,
        "searchable": writable,
        "layoutable": True,
        **dict.fromkeys(flags, writable),
        "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": path + "/{ID}"},
    }


@cache
def describe_field(field: Field) -> dict[str, Any]:
    """One field as describe tells it."""
    precision, scale = _DIGITS.get(field.type, (0, 0))
    boolean = field.type == "boolean"
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "soapType": _XML_TYPES.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length * 3 if field.type in TEXT_TYPES else 0,
        "precision": precision,
        "scale": scale,
        "digits": 8 if field.type == "int" else 0,
        "custom": field.name.endswith("__c"),
        "createable": field.createable,
        "updateable": field.updateable,
        "nillable": not (field.required or boolean or _system(field)),
        "defaultedOnCreate": boolean or "defaulted" in field.flags or _system(field),
        "defaultValue": False if boolean else None,
        "calculated": False,
        "externalId": field.external_id,
        "idLookup": field.lookup,
        "unique": field.unique,
        "caseSensitive": False,
        "nameField": field.name == "Name",
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and field.type not in ("double", "currency", "percent", "datetime"),
        "aggregatable": field.filterable and not boolean,
        "restrictedPicklist": "restricted" in field.flags,
        "picklistValues": [_choice(value) for value in field.values],
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "polymorphicForeignKey": len(field.refers_to) > 1,
        "compoundFieldName": "Name" if field.name in ("FirstName", "LastName") else None,
        "inlineHelpText": None,
        "permissionable": not (field.required or _system(field)),
        "deprecatedAndHidden": False,
        "htmlFormatted": False,
        "encrypted": False,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
    }


def _system(field: Field) -> bool:
    """Whether the platform itself fills the field in every row."""
    return field.name in ("Id", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById",
                          "SystemModstamp")  # fmt: skip


def _choice(value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}


def _children(name: str) -> list[dict[str, Any]]:
    """Who refers to this object."""
    return [
        {"childSObject": child.name, "field": field.name, "relationshipName": None, "cascadeDelete": False}
        for child in OBJECTS.values()
        for field in child.fields.values()
        if name in field.refers_to
    ]
