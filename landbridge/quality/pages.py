"""Pages of Data Docs made safe to open: no script, nothing fetched from elsewhere, failing values as plain text.

As Great Expectations 1.24.1 builds them, its pages load scripts and styles from ten hosts, beside customers' values,
and write some of those values into the page unescaped.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from pathlib import Path
from urllib.parse import quote

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
      td { overflow-wrap: anywhere; }
      .navbar, .sticky, .modal, .ge-walkthrough-modal, .cta, button, .dropdown-menu { display: none; }
      .badge { background: #eaeef2; border-radius: .6rem; padding: 0 .5rem; }
      .card { border: 1px solid #d0d7de; border-radius: .4rem; padding: .5rem 1rem; margin: .5rem 0; }
      :root { color-scheme: light dark; }
      footer, .ge-index-page-tabs-container { display: none; }
      td .fa-check-circle::before { content: "✓ met"; color: #1a7f37; }
      td .fa-times::before { content: "✗ not met"; color: #cf222e; font-weight: 600; }
      .text-success, .text-danger { font-style: normal; white-space: nowrap; }
      @media (prefers-color-scheme: dark) {
        body { color: #e6edf3; background: #0d1117; }
        a { color: #58a6ff; } td, th, .card { border-color: #30363d; } .badge { background: #30363d; }
        td .fa-check-circle::before { color: #3fb950; } td .fa-times::before { color: #ff7b72; }
      }
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
    if _HEAD in text:
        return
    for foreign in _FOREIGN:
        text = foreign.sub("", text)
    page.write_text(re.sub(r"<head\b[^>]*>", _HEAD, text, count=1), encoding="utf-8")


_INDEX = """<!doctype html><html lang="en">{head}
    <meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Checks of leads</title></head>
<body><h1>Checks of leads</h1>
<p>What each run's leads were asked, and how many met it; what did not is in <code>landbridge held</code>.</p>
<ul>{runs}</ul>
<p><a href="expectations/lead.html">What is asked of a lead</a></p></body></html>
"""


def _list_runs(docs: Path) -> None:
    """The site's first page. Great Expectations fills its own by script, and scripts are what we take out."""
    shown = {page.parent.parent.name: page for page in sorted(docs.glob("validations/lead/*/*/*.html"))}
    items = (
        f'<li><a href="{quote(page.relative_to(docs).as_posix())}">{escape(run)}</a></li>'
        for run, page in shown.items()
    )
    text = _INDEX.format(head=_HEAD, runs="\n".join(reversed(list(items))))
    (docs / "index.html").write_text(text, encoding="utf-8")


def newest(docs: Path, name: str) -> Path | None:
    """Harden the site's new pages and answer the one that shows the run `name`; None when it could not be built."""
    shown = sorted(docs.glob(f"validations/lead/{name}/*/*.html"))
    for page in {*docs.glob("expectations/*.html"), *shown}:
        harden(page)
    _list_runs(docs)
    return shown[-1] if shown else None
