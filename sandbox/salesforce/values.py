"""From what a client sent to what a column holds: trimmed, checked, in one form per type.

Held forms: text, `int`, `float`, `bool`; dates as `yyyy-mm-dd`; times as `yyyy-mm-ddThh:mm:ss.000+0000`, whole seconds
in UTC, so that comparing text compares time. Nothing and empty text are both `None`, as in Salesforce.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache

from sandbox.salesforce.errors import Refused, bad_json
from sandbox.salesforce.objects import PREFIXES
from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.schema import Field

Value = str | int | float | bool | None
Taker = Callable[[object], Value]
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@.,;:<>()\[\]\"\\]+(?:\.[^\s@.,;:<>()\[\]\"\\]+)+")
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d{2})(\d{2})$")


def is_email(text: str) -> bool:
    """Whether an e-mail field takes that text."""
    return _EMAIL.fullmatch(text) is not None


def stamp(at: datetime) -> str:
    """A time in the held form; fractions of a second are dropped, as SystemModstamp drops them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read_time(text: str) -> datetime:
    """A time as ISO 8601 with `Z`, `+00:00` or `+0000`; without an offset it is UTC. `ValueError` for other text."""
    at = datetime.fromisoformat(_OFFSET_WITHOUT_COLON.sub(r"\1:\2", text.strip()))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@cache
def taker(field: Field) -> Taker:
    """The function that turns a sent value (JSON or a CSV cell) into the held one, or raises `Refused`."""
    kind = "reference" if field.refers_to else field.type
    return _TAKERS.get(kind, _text_taker)(field)


def _text_taker(field: Field) -> Taker:
    limit, label, multiline = field.length, field.label, field.type == "textarea"

    def take(sent: object) -> Value:
        text = sent.strip() if type(sent) is str else _as_text(sent, field).strip()
        if not multiline and ("\n" in text or "\r" in text):
            text = " ".join(text.split())
        if len(text) > limit:
            message = f"{label}: data value too large: {text[:255]} (max length={limit})"
            raise Refused("STRING_TOO_LONG", message, [field.name])
        return text or None

    return take


def _email_taker(field: Field) -> Taker:
    plain = _text_taker(field)

    def take(sent: object) -> Value:
        text = plain(sent)
        if text is not None and not _EMAIL.fullmatch(str(text)):
            message = f"{field.label}: invalid email address: {text}"
            raise Refused("INVALID_EMAIL_ADDRESS", message, [field.name])
        return str(text).lower() if text is not None else None  # Salesforce keeps addresses in lower case

    return take


def _picklist_taker(field: Field) -> Taker:
    plain = _text_taker(field)
    known = {value.lower(): value for value in field.values}

    def take(sent: object) -> Value:
        text = plain(sent)
        if text is None or "restricted" not in field.flags:
            return text
        if str(text).lower() not in known:
            message = f"{field.label}: bad value for restricted picklist field: {text}"
            raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
        return known[str(text).lower()]

    return take


def _number_taker(field: Field) -> Taker:
    whole = field.type == "int"

    def take(sent: object) -> Value:
        if sent is None or sent == "":
            return None
        try:
            number = float(sent) if not isinstance(sent, bool) and isinstance(sent, str | int | float) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number) or (whole and number != int(number)):
            raise _cannot_read(field, sent)
        return int(number) if whole else number

    return take


def _boolean_taker(field: Field) -> Taker:
    known = {"true": True, "1": True, "false": False, "0": False, "": False}

    def take(sent: object) -> Value:
        value = known.get(str(sent).lower()) if isinstance(sent, bool | str) else None
        if value is None:
            raise _cannot_read(field, sent)
        return value

    return take


def _date_taker(field: Field) -> Taker:
    def take(sent: object) -> Value:
        if sent is None or sent == "":
            return None
        try:
            return date.fromisoformat(str(sent)[:10]).isoformat()
        except ValueError:
            raise _cannot_read(field, sent) from None

    return take


def _time_taker(field: Field) -> Taker:
    def take(sent: object) -> Value:
        if sent is None or sent == "":
            return None
        try:
            return stamp(read_time(str(sent)))
        except (ValueError, OverflowError):
            raise _cannot_read(field, sent) from None

    return take


def _reference_taker(field: Field) -> Taker:
    def take(sent: object) -> Value:
        text = _as_text(sent, field).strip()
        if not text:
            return None
        try:
            whole = normal_id(text)
        except MalformedId:
            raise Refused(
                "MALFORMED_ID", f"{field.label} ID: id value of incorrect type: {text}", [field.name]
            ) from None
        owner = PREFIXES.get(whole[:3])
        if owner is None or owner.name not in field.refers_to:
            raise Refused("MALFORMED_ID", f"{field.label} ID: id value of incorrect type: {text}", [field.name])
        return whole

    return take


def _as_text(sent: object, field: Field) -> str:
    if sent is None:
        return ""
    if isinstance(sent, bool):
        return "true" if sent else "false"
    if isinstance(sent, str | int | float):
        return str(sent)
    raise _cannot_read(field, sent)


def _cannot_read(field: Field, sent: object) -> Refused:
    return bad_json(
        f"Cannot deserialize instance of {field.type} from VALUE_STRING value {str(sent)[:80]} "
        "or request may be missing a required field at [line:1, column:1]"
    )


_TAKERS: dict[str, Callable[[Field], Taker]] = {
    "email": _email_taker,
    "picklist": _picklist_taker,
    "int": _number_taker,
    "double": _number_taker,
    "currency": _number_taker,
    "percent": _number_taker,
    "boolean": _boolean_taker,
    "date": _date_taker,
    "datetime": _time_taker,
    "reference": _reference_taker,
}
