"""What became of every clip or picture: what is left after each step, and what was lost beside it, on its own scale."""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s2f.media.failures import Step, lost_at
from s2f.reporting.drawing import QUARTERS, Draw
from s2f.reporting.figures import CHANCE
from s2f.reporting.sources import Funnel

FUNNEL = (Step.FETCHED, Step.DECODED, Step.ONE_FACE, Step.KEPT)  # a row that cannot be read is not fetched
KEPT = ": kept"  # ends the name of the last step
ROW, AROUND = 0.26, 1.2  # inches: a bar, and all that is not bars


class Items(NamedTuple):
    """What is counted, and what its steps are called, after `tried`."""

    name: str
    steps: tuple[str, ...]


CLIPS = Items("clips", tuple(map(str, FUNNEL)))
PORTRAITS = Items("portraits", ("read", "decoded", "exactly one face", "kept"))


def funnel(content: Funnel, items: Items = CLIPS) -> Draw:
    """Two rows of bars."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
        rows = steps(content, items)
        _bars(left, [(name, count, CHANCE) for name, count, _ in rows], content.tried)
        left.set_title(f"{items.name} left after each step")
        lost = [
            (reason.replace("_", " "), count, colour)
            for (_, _, losses), colour in zip(rows[1:], QUARTERS, strict=True)
            for reason, count in losses.items()
        ]
        right.set_title("lost, by reason")
        if not lost:
            right.text(0.5, 0.5, "nothing", ha="center", va="center", transform=right.transAxes)
            right.set_axis_off()
            return
        _bars(right, lost, content.tried)
        for (name, _, losses), colour in zip(rows[1:], QUARTERS, strict=True):
            if losses:
                right.barh(0, 0, color=colour, label=f"not {name.removesuffix(KEPT)}")
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=len(FUNNEL))

    return draw


def _bars(axes: Axes, rows: list[tuple[str, int, str]], tried: int) -> None:
    """From above: name, count and colour, with the count and its share of all tried behind each bar."""
    for at, (_, count, colour) in enumerate(rows):
        axes.barh(at, count, color=colour, height=0.7)
        words = f"{count:,} · {count / max(tried, 1):.1%}"
        axes.annotate(words, (count, at), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set(xlim=(0, 1.45 * max(1, *(count for _, count, _ in rows))), ylim=(max(len(rows), 2) - 0.5, -0.5))


def height(content: Funnel) -> float:
    """Inches for all bars of the longer row."""
    return AROUND + ROW * max(len(FUNNEL) + 1, len(content.by_reason) + 1)


def in_words(content: Funnel, items: Items = CLIPS) -> str:
    """The figure for who cannot see it."""
    left = ", ".join(f"{count:,} {name}" for name, count, _ in steps(content, items))
    lost = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in content.by_reason.items())
    return f"Left after each step: {left}. Lost: {lost or 'none'}."


def steps(content: Funnel, items: Items = CLIPS) -> list[tuple[str, int, dict[str, int]]]:
    """Each step's name, the items left after it, and those that it lost by reason, commonest first."""
    left = content.tried
    rows: list[tuple[str, int, dict[str, int]]] = [("tried", left, {})]
    for step, name in zip(FUNNEL, items.steps, strict=True):
        lost = {reason: count for reason in content.by_reason if (count := _lost_in(content, reason, step))}
        left -= sum(lost.values())
        rows.append((name, left, lost))
    return rows


def _lost_in(content: Funnel, reason: str, step: Step) -> int:
    """Items with this reason that did not pass this step of the figure."""
    unasked = content.unasked.get(reason, 0)
    by_attempts = {0: unasked, 1: content.by_reason[reason] - unasked}
    steps = (step, Step.ROW) if step is Step.FETCHED else (step,)
    return sum(count for attempts, count in by_attempts.items() if lost_at(reason, attempts) in steps)
