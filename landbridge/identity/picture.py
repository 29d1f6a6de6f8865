"""The thresholds as a picture: what each choice comes to, readable in print and without colours. SVG, by Altair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landbridge.identity.thresholds import Choice

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 520, 240


@dataclass(frozen=True)
class Inks:
    """Colours in CSS's words: a page gives its own variables, so that the picture goes with its theme."""

    linked: str = "#1a5fb4"
    asked: str = "#a51d2d"
    ink: str = "#1b1c1e"
    soft: str = "#55585e"
    line: str = "#d5d5d0"
    ground: str = "#ffffff"


def thresholds_svg(choices: Sequence[Choice], version: str, inks: Inks | None = None) -> str:
    """Of all linked pairs the share that is one person (solid), and pairs to ask about (dashed), by link threshold."""
    import vl_convert

    chart = _chart(choices, version, inks or Inks())
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _chart(choices: Sequence[Choice], version: str, inks: Inks) -> alt.LayerChart:
    import altair as alt

    rows = [
        {"bits": each.bits, "right": each.linked_right, "asked": each.asked, "now": each.in_force} for each in choices
    ]
    bits = alt.X("bits:Q", title="links from this weight on (bits)", scale=alt.Scale(zero=False, nice=False))
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=bits)
    right = base.mark_line(color=inks.linked, point={"color": inks.linked}).encode(
        y=_side("right", "— linked pairs that are one person", ".1~%", inks.linked, grid=True)
    )
    asked = base.mark_line(color=inks.asked, strokeDash=[6, 4], point={"color": inks.asked, "shape": "diamond"}).encode(
        y=_side("asked", "- - pairs to ask about", ",d", inks.asked, grid=False)
    )
    both = alt.layer(right, asked, *_in_force(base, inks)).resolve_scale(y="independent")
    told = f"What each threshold of model {version} comes to"
    chart: alt.LayerChart = both.properties(width=WIDTH, height=HEIGHT, description=told).configure(**_look(inks))
    return chart


def _side(field: str, title: str, form: str, colour: str, *, grid: bool) -> alt.Y:
    import altair as alt

    axis = alt.Axis(title=title, titleColor=colour, format=form, grid=grid, tickCount=5)
    return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(zero=field == "asked"))


def _in_force(base: alt.Chart, inks: Inks) -> list[alt.Chart]:
    now = base.transform_filter("datum.now")
    rule = now.mark_rule(color=inks.ink, strokeDash=[2, 2])
    return [rule, now.mark_text(color=inks.ink, baseline="bottom", dy=-4, fontWeight="bold").encode(
        text={"value": "in force"}, y={"value": 0})]  # fmt: skip


def _look(inks: Inks) -> dict[str, Any]:
    axis = {"labelColor": inks.soft, "titleColor": inks.soft, "gridColor": inks.line, "domainColor": inks.line,
            "tickColor": inks.line, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}  # fmt: skip
    return {"background": inks.ground, "font": "sans-serif", "view": {"stroke": None}, "axis": axis}
