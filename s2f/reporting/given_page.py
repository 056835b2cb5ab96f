"""The two pages on given pictures, in the look of our own report: index.html, and report.md without pictures."""

from dataclasses import dataclass
from typing import Any

from s2f.reporting import figures
from s2f.reporting.given_headlines import Given, Line, given_warnings, nothing_seen
from s2f.reporting.given_tables import given_tables
from s2f.reporting.limits import OF_GIVEN
from s2f.reporting.pages import Diagram, fill_html, fill_markdown


@dataclass(frozen=True)
class Example:
    """A true face and those generated, as pictures small enough to show, with the judge's opinion of the first two."""

    name: str
    true: bytes
    true_opinion: str
    generated: list[bytes]
    opinion: str


def render_given_html(given: Given, lines: list[Line], examples: list[Example], ages: list[tuple[float, float]]) -> str:
    """The page; `ages` are (true, generated) as judged."""
    return fill_html("given.html.j2", _content(given, lines) | {"examples": examples}, _diagrams(given, ages))


def render_given_markdown(given: Given, lines: list[Line]) -> str:
    """The same without pictures."""
    return fill_markdown("given.md.j2", _content(given, lines))


def _content(given: Given, lines: list[Line]) -> dict[str, Any]:
    return {
        "given": given,
        "count": {
            "generated": _counted(given.identity["pictures"], "generated picture", "generated pictures"),
            "true": _counted(given.facial["voices"], "true one", "true ones"),
            "people": _counted(given.facial["people"], "person", "people"),
        },
        "headlines": [line.card for line in lines],
        "nothing_seen": nothing_seen(given),
        "warnings": given_warnings(given),
        "tables": given_tables(given),
        "limits": OF_GIVEN,
        "confidence": f"{given.headlines['confidence']:.0%}",
    }


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _diagrams(given: Given, ages: list[tuple[float, float]]) -> list[Diagram]:
    below = "the table below holds the numbers."
    measured = figures.craniofacial(given.craniofacial, beside_paper=False)
    grouped = figures.groups(given.headlines)
    return [
        Diagram(
            "ages",
            figures.ages(ages),
            4.2,
            4.0,
            "Scatter of judged ages, true against generated.",
            figures.ageless(ages),
        ),
        Diagram("craniofacial", measured, 6.4, 4.6, f"Pearson's r of eleven measures with intervals; {below}"),
        Diagram("groups", grouped, 7.6, 3.0, f"Three headlines by gender and age with intervals; {below}"),
    ]
