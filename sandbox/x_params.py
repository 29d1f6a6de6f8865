"""What X's endpoints accept: names and ranges of query parameters, fields and expansions, and the words of refusal."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from sandbox.ids import x_id, x_time

PROBLEMS = "https://api.x.com/2/problems/"
WEEK = timedelta(days=7)
POST_FIELDS = frozenset((
    "article", "article_title", "attachments", "author_id", "card_uri", "community_id", "context_annotations",
    "conversation_id", "created_at", "display_text_range", "edit_controls", "edit_history_tweet_ids",
    "entities", "geo", "id", "in_reply_to_user_id", "lang", "matched_media_notes", "media_metadata",
    "non_public_metrics", "note_post", "note_tweet", "organic_metrics", "paid_partnership",
    "possibly_sensitive", "promoted_metrics", "public_metrics", "referenced_tweets", "reply_settings", "scopes",
    "source", "text", "withheld",
))  # fmt: skip
USER_FIELDS = frozenset((
    "affiliation", "connection_status", "created_at", "description", "entities", "id", "is_identity_verified",
    "location", "most_recent_tweet_id", "name", "parody", "pinned_tweet_id", "profile_banner_url",
    "profile_image_url", "protected", "public_metrics", "receives_your_dm", "subscription", "subscription_type",
    "url", "username", "verified", "verified_followers_count", "verified_type", "withheld",
))  # fmt: skip
_FIELD_LISTS = {
    "tweet.fields": POST_FIELDS, "post.fields": POST_FIELDS, "user.fields": USER_FIELDS, "expansions": None,
    "media.fields": None, "poll.fields": None, "place.fields": None,
}  # fmt: skip
PAGED = frozenset(("max_results", "since_id", "until_id", "start_time", "end_time", "pagination_token"))


class ProblemError(Exception):
    """An answer in X's problem+json form."""

    def __init__(self, status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"title": title, "detail": detail, "type": kind, "status": status, **more}


def invalid(name: str, value: object, message: str) -> ProblemError:
    """One bad parameter, as X words it."""
    return ProblemError(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        PROBLEMS + "invalid-request",
        errors=[{"parameters": {name: [str(value)]}, "message": message}],
    )


def not_found(kind: str, parameter: str, value: str) -> dict[str, str]:
    """The partial error for something that is missing."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def check_names(params: Mapping[str, str], allowed: frozenset[str]) -> None:
    """Refuse parameters and fields that the endpoint does not know."""
    known = allowed | _FIELD_LISTS.keys()
    for name, value in params.items():
        if name not in known:
            raise invalid(name, value, f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]")
        fields = _FIELD_LISTS.get(name)
        wrong = [field for field in value.split(",") if fields and field not in fields]
        if wrong:
            message = (
                f"The `{name}` query parameter value [{wrong[0]}] is not one of [{','.join(sorted(fields or ()))}]"
            )
            raise invalid(name, wrong[0], message)


def whole_number(params: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    """A number within bounds."""
    text = params.get(name, str(default))
    if not text.isdigit() or not least <= int(text) <= most:
        message = f"The `{name}` query parameter value [{text}] is not between {least} and {most}"
        raise invalid(name, text, message)
    return int(text)


def _moment(params: Mapping[str, str], name: str) -> datetime | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] is not a valid RFC3339 date") from None


def _post_id(params: Mapping[str, str], name: str) -> int | None:
    text = params.get(name)
    if text is not None and not (text.isdigit() and len(text) <= 19):
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] does not match ^[0-9]{{1,19}}$")
    return int(text) if text else None


def bounds(params: Mapping[str, str], now: datetime, recent: bool) -> tuple[int, int]:
    """The post ids asked for: from the first (included) to the second (excluded).

    ``recent`` search knows only the last seven days and, unless told otherwise, ends 30 seconds ago.
    """
    for first, second in (("since_id", "start_time"), ("until_id", "end_time")):
        if first in params and second in params:
            raise invalid(first, params[first], f"`{first}` and `{second}` cannot both be given")
    start, end = _moment(params, "start_time"), _moment(params, "end_time")
    since, until = _post_id(params, "since_id"), _post_id(params, "until_id")
    oldest = now - WEEK
    if recent:
        _check_recent(params, start, end, since, now)
        start = start or (oldest if since is None else None)
        end = end or (now - timedelta(seconds=30) if until is None else None)
    if start and end and start >= end:
        raise invalid("start_time", params.get("start_time"), "`start_time` must be before `end_time`")
    low = since + 1 if since is not None else int(x_id(start)) if start else 0
    return low, until if until is not None else int(x_id(end)) if end else 2**63


def _check_recent(
    params: Mapping[str, str], start: datetime | None, end: datetime | None, since: int | None, now: datetime
) -> None:
    oldest = now - WEEK
    for name, moment in (("start_time", start), ("end_time", end)):
        if moment and moment < oldest:
            day = oldest.strftime("%Y-%m-%dT%H:%MZ")
            raise invalid(name, params[name], f"Invalid '{name}':'{params[name]}'. '{name}' must be on or after {day}")
    if end and end > now - timedelta(seconds=10):
        message = f"Invalid 'end_time':'{params['end_time']}'. 'end_time' must be a minimum of 10 seconds prior"
        raise invalid("end_time", params["end_time"], message + " to the request time.")
    if since is not None and x_time(str(since)) < oldest:
        message = f"'since_id' must be a tweet id created after [{oldest.strftime('%Y-%m-%dT%H:%MZ')}]."
        raise invalid("since_id", since, message + " Please use a 'since_id' that is larger")


def page_token(last_id: str, scope: str) -> str:
    """An opaque base32hex token: go on below ``last_id`` in the question that ``scope`` names."""
    raw = f"{last_id}:{blake2b(scope.encode(), digest_size=5).hexdigest()}"
    return base64.b32hexencode(raw.encode()).decode().rstrip("=").lower()


def read_token(token: str, name: str, scope: str) -> int:
    """The id that a token goes on below; refused if it was made for another question."""
    try:
        raw = base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8)).decode()
        last_id, _, digest = raw.partition(":")
        if digest == blake2b(scope.encode(), digest_size=5).hexdigest():
            return int(last_id)
    except (binascii.Error, ValueError):
        pass  # unreadable is refused like foreign
    raise invalid(name, token, f"Invalid '{name}':'{token}'.")
