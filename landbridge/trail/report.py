"""An export's report: a page to read and to print, with nothing in it but text and a style of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from landbridge.trail.chain import Event

SHOWN = 5000
"""Events that the page lists; all of them are in events.jsonl and events.csv."""


@dataclass
class Summary:
    """What the report says of the events, counted while they are written."""

    first: int
    last: int
    asked: str
    made_by: str
    made_at: datetime
    fingerprint: str
    events: int = 0
    head: str = ""
    problem: str = ""
    kinds: Counter[str] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)

    def count(self, event: Event, problem: str) -> None:
        """One more; the first problem is kept."""
        self.events += 1
        self.kinds[event.kind] += 1
        self.actors[event.actor] += 1
        if problem and not self.problem:
            self.problem = f"event {event.seq}: {problem}"


_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } code, td.id { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; } dt { opacity: .7; } dd { margin: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
th { font-size: .85em; } td.n { text-align: right; } td { overflow-wrap: anywhere; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; } .bad { color: #b3261e; font-weight: 600; }
@media print { body { margin: 0; max-width: none; font-size: 10px; } thead { display: table-header-group; }
  tr { break-inside: avoid; } @page { margin: 14mm; } }
@media (max-width: 40rem) { .two { grid-template-columns: 1fr; } }
"""
_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>Audit trail, events {first:,} to {last:,}</title>
<style>{style}</style></head><body>
<h1>Audit trail, events {first:,} to {last:,}</h1>
<p>{asked}</p>
<dl><dt>Made</dt><dd>{made_at:%Y-%m-%d %H:%M:%S} UTC by {made_by}</dd>
<dt>Events</dt><dd>{events:,}</dd><dt>The chain</dt><dd{bad}>{verdict}</dd>
<dt>Head</dt><dd><code>{head}</code></dd><dt>Signed with key</dt><dd><code>{fingerprint}</code></dd></dl>
<p>Every event carries the SHA-256 of the one before it, so none can be altered, removed or slipped in unseen. Prove it
with <code>python3 verify.py ARCHIVE.zip {fingerprint}</code>; compare the key with the one on the console's audit
page.</p>
"""
_TABLE = """<h2>Events</h2><p>{told}</p><table><thead><tr><th>Event</th><th>When (UTC)</th><th>What</th><th>Who</th>
<th>To what</th><th>Detail</th></tr></thead><tbody>
"""


def html(summary: Summary, events: Iterable[Event]) -> Iterator[str]:
    """The page, piece by piece, with these first events. Everything that it tells is escaped."""
    verdict = summary.problem or "intact: each event is as it was written and follows the one before it"
    yield _HEAD.format(
        **{name: getattr(summary, name) for name in ("first", "last", "events", "made_at", "head", "fingerprint")},
        style=_STYLE,
        asked=escape(summary.asked),
        made_by=escape(summary.made_by),
        verdict=escape(verdict),
        bad=' class="bad"' if summary.problem else "",
    )
    yield f'<div class="two">{_counts("What happened", summary.kinds)}{_counts("Who did it", summary.actors)}</div>'
    most = f"The first {SHOWN:,}; all {summary.events:,} are in events.csv."
    yield _TABLE.format(told=most if summary.events > SHOWN else "All of them, in order.")
    yield from map(_row, events)
    yield "</tbody></table></body></html>\n"


def _counts(title: str, counted: Counter[str]) -> str:
    rows = "".join(f'<tr><td>{escape(name)}</td><td class="n">{n:,}</td></tr>' for name, n in counted.most_common(40))
    return f"<section><h2>{title}</h2><table><tbody>{rows}</tbody></table></section>"


def _row(event: Event) -> str:
    at = event.at.replace("T", " ")[:19]
    told = "".join(f"<td>{escape(each)}</td>" for each in (event.kind, event.actor, event.subject))
    return f'<tr><td class="n">{event.seq:,}</td><td>{at}</td>{told}<td class="id">{escape(event.detail)}</td></tr>\n'
