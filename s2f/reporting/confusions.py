"""The paper's figure 5: the group of the true face against that of the generated one, as the judge sees both.

Rows are true faces, columns generated ones; a cell is shaded by its share of the row.
"""

from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from s2f.reporting.drawing import OURS, Draw

DARKEST = 0.6  # the shade of a whole row; ink is read on it, light or dark
GENDERS = ("women", "men")


class Confusion(NamedTuple):
    """Counts of pictures by group; rows are true faces, columns generated ones."""

    true: list[str]
    drawn: list[str]
    counts: list[list[int]]


def genders(content: dict[str, Any], w: str) -> Confusion:
    """Women and men at one w; empty where nothing was generated."""
    counts = content["guidance"].get(w, {}).get("confusion", {})
    rows = [[counts.get(f"{true}_as_{drawn}", 0) for drawn in "fm"] for true in "fm"]
    return Confusion(list(GENDERS), list(GENDERS), rows)


def ages(content: dict[str, Any], w: str) -> Confusion:
    """All bands of age at one w."""
    matrix = content["guidance"].get(w, {}).get("age_confusion", {"bands": [], "counts": []})
    return Confusion(matrix["bands"], matrix["bands"], matrix["counts"])


def occupied(one: Confusion) -> Confusion:
    """Less the groups in which nobody is: rows and columns of zeros."""
    down = [place for place, row in enumerate(one.counts) if any(row)]
    across = [place for place, column in enumerate(zip(*one.counts, strict=True)) if any(column)]
    counts = [[one.counts[row][column] for column in across] for row in down]
    return Confusion([one.true[row] for row in down], [one.drawn[column] for column in across], counts)


def left_out(one: Confusion) -> list[str]:
    """In a sentence, which groups `occupied` leaves out."""
    kept = occupied(one)
    sides = (("true", one.true, kept.true), ("generated", one.drawn, kept.drawn))
    empty = [(side, [name for name in names if name not in among]) for side, names, among in sides]
    said = [f"no {side} face is judged {', '.join(names)}" for side, names in empty if names]
    return [f"Left out as empty: {'; '.join(said)}."] if said and kept.counts else []


def confusions(content: dict[str, Any], w: str) -> Draw:
    """Both at one w, as heat maps."""
    by_gender, by_age = occupied(genders(content, w)), occupied(ages(content, w))

    def draw(figure: Figure) -> None:
        widths = [max(2, len(one.drawn)) for one in (by_gender, by_age)]
        left, right = figure.subplots(1, 2, width_ratios=widths)
        _heat_map(left, by_gender, "gender")
        _heat_map(right, by_age, "age in years")

    return draw


def _heat_map(axes: Axes, one: Confusion, title: str) -> None:
    axes.set_title(title)
    if not one.counts:
        axes.text(0.5, 0.5, "not available", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    for y, row in enumerate(one.counts):
        for x, count in enumerate(row):
            share = count / sum(row)
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=OURS, alpha=DARKEST * share, linewidth=0))
            if count:
                axes.text(x, y + 0.1, str(count), ha="center", va="bottom")
                axes.text(x, y + 0.1, f"{share:.0%}", ha="center", va="top", fontsize=7)
    axes.set(xlim=(-0.5, len(one.drawn) - 0.5), ylim=(len(one.true) - 0.5, -0.5))
    axes.set_xticks(range(len(one.drawn)), one.drawn)
    axes.set_yticks(range(len(one.true)), one.true)
    axes.tick_params(length=0)
    axes.set(xlabel="generated face", ylabel="true face")


def in_words(content: dict[str, Any], w: str) -> str:
    """The figure for who cannot see it: of each group of true faces, the commonest group of the generated ones."""
    said = [
        f"{true} as {one.drawn[row.index(max(row))]} {max(row)} of {sum(row)}"
        for one in map(occupied, (genders(content, w), ages(content, w)))
        for true, row in zip(one.true, one.counts, strict=True)
    ]
    return f"True against generated faces at w = {w}, as judged, most often: {'; '.join(said) or 'not available'}."
