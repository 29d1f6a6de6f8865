"""Pages of Data Docs made safe to open: no script, nothing fetched from elsewhere, failing values as plain text.

As Great Expectations 1.24.1 builds them, its pages load scripts and styles from ten hosts, beside customers' values,
and write some of those values into the page unescaped.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

_BOUND = 120
_FOREIGN = (
    re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE),
    re.compile(r"<(?:link|img)\b[^>]*https?://[^>]*>", re.IGNORECASE),
)
_HEAD = """<head>
    <meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'">
    <style>
      body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 1.5rem; }
      a { color: #0b5cad; }
      table { border-collapse: collapse; margin: .5rem 0; }
      td, th { border: 1px solid #d0d7de; padding: .3rem .6rem; text-align: left; vertical-align: top; }
      .navbar, .sticky, .modal, .ge-walkthrough-modal, .cta, button, .dropdown-menu { display: none; }
      .badge { background: #eaeef2; border-radius: .6rem; padding: 0 .5rem; }
      .card { border: 1px solid #d0d7de; border-radius: .4rem; padding: .5rem 1rem; margin: .5rem 0; }
    </style>"""


def harmless(value: object) -> str:
    """A value as text for a page: bounded, on one line, without markup and without characters that reorder a line."""
    text = str(value)
    bounded = text if len(text) <= _BOUND else f"{text[:_BOUND]}… ({len(text)} characters)"
    return "".join(map(_seen, bounded))


def _seen(character: str) -> str:
    if character in "<>&$":
        return {"<": "‹", ">": "›", "&": "＆", "$": "＄"}[character]
    return "·" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character


def harden(page: Path) -> None:
    """Take out every script and everything that is loaded from elsewhere, and forbid the browser both."""
    text = page.read_text(encoding="utf-8")
    for foreign in _FOREIGN:
        text = foreign.sub("", text)
    page.write_text(re.sub(r"<head\b[^>]*>", _HEAD, text, count=1), encoding="utf-8")


def newest(docs: Path, name: str) -> Path | None:
    """Harden the site's new pages and answer the one that shows the run `name`; None when it could not be built."""
    shown = sorted(docs.glob(f"validations/lead/{name}/*/*.html"))
    for page in {*docs.glob("*.html"), *docs.glob("expectations/*.html"), *shown}:
        harden(page)
    return shown[-1] if shown else None
