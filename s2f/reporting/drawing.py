"""How a diagram becomes bytes: SVG inside the page, where its ink is the page's own colour, and PNG on white.

The same numbers give the same bytes: no date, no random ids.
"""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, RULE = "#123450", "#123451"  # stand for the page's colours in SVG; dark on white in PNG
OURS = "#2f80c8"  # what this run has come to
QUARTERS = (OURS, "#3aa387", "#c9a227", "#c8553d")  # four of a kind, in order
STYLE: dict[str, Any] = {
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "s2f",  # the same ids in every run
    "text.color": INK,
    "text.parse_math": False,  # names come from data: a dollar sign is a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
}

Draw = Callable[[Figure], None]


def as_png(draw: Draw, width: float, height: float) -> bytes:
    """The figure on white; inches."""
    return _render(draw, width, height, format="png", dpi=130, facecolor="white", metadata={"Software": None})


def as_svg(draw: Draw, width: float, height: float, name: str, text: str) -> str:
    """The figure as an `<svg>` element to stand in HTML; `text` is what a reader who cannot see it is told."""
    about = {"Date": None, "Creator": None, "Format": None, "Type": None}
    svg = _render(draw, width, height, format="svg", metadata=about).decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Ids are unique in a figure, not on a page that holds several.
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = svg.replace(INK, "currentColor").replace(RULE, "currentColor")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(text)}" ', 1)


def _render(draw: Draw, width: float, height: float, **options: Any) -> bytes:
    sink = io.BytesIO()
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height))
        draw(figure)
        figure.savefig(sink, **options)
    return sink.getvalue()
