"""The thresholds as a picture: plain SVG, readable in print and without colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from landbridge.identity.thresholds import Choice

WIDTH, HEIGHT, LEFT, TOP = 640, 360, 60, 40
_PLOT_W, _PLOT_H = WIDTH - 2 * LEFT, HEIGHT - 2 * TOP - 20


def thresholds_svg(choices: Sequence[Choice], version: str) -> str:
    """Expected precision of all linked pairs (solid) and pairs to ask about (dashed) against the link threshold."""
    low, high = choices[0].bits, max(choices[-1].bits, choices[0].bits + 1)
    most = max((choice.asked for choice in choices), default=0) or 1
    floor = min(0.99, *(choice.linked_right for choice in choices))
    xs = [LEFT + _PLOT_W * (choice.bits - low) / (high - low) for choice in choices]
    right = [TOP + _PLOT_H * (1 - (choice.linked_right - floor) / (1 - floor)) for choice in choices]
    asked = [TOP + _PLOT_H * (1 - choice.asked / most) for choice in choices]
    now = next((x for x, choice in zip(xs, choices, strict=True) if choice.in_force), None)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>Thresholds of model {escape(version)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        _text(LEFT, 20, "— linked pairs that are one person   - - pairs to ask about", "start"),
        *_axes(choices, xs, floor, most),
        _line(xs, right, 'stroke="#1a5fb4" stroke-width="2"'),
        _line(xs, asked, 'stroke="#a51d2d" stroke-width="2" stroke-dasharray="6 4"'),
        *([_in_force(now)] if now is not None else []),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes(choices: Sequence[Choice], xs: Sequence[float], floor: float, most: int) -> list[str]:
    bottom, end = TOP + _PLOT_H, LEFT + _PLOT_W
    frame = f'<path d="M{LEFT} {TOP}V{bottom}H{end}V{TOP}" fill="none" stroke="black"/>'
    ticks = [_text(x, bottom + 16, f"{choice.bits:g}", "middle") for x, choice in zip(xs, choices, strict=True)]
    below = _text(LEFT + _PLOT_W / 2, bottom + 34, "links from this weight on (bits)", "middle")
    sides = [_text(LEFT - 6, y, f"{value:.1%}", "end") for y, value in ((TOP + 4, 1.0), (bottom, floor))]
    others = [_text(end + 6, y, f"{value:,}", "start") for y, value in ((TOP + 4, most), (bottom, 0))]
    return [frame, *ticks, below, *sides, *others]


def _in_force(x: float) -> str:
    return f'<path d="M{x:.1f} {TOP}V{TOP + _PLOT_H}" stroke="black" stroke-dasharray="2 2"/>' + _text(
        x, TOP - 6, "in force", "middle"
    )


def _line(xs: Sequence[float], ys: Sequence[float], style: str) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    return f'<polyline points="{points}" fill="none" {style}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
