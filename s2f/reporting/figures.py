"""The report's diagrams: each a function from what was read to something that draws on a matplotlib figure."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s2f.reporting import paper
from s2f.reporting.drawing import INK, OURS, QUARTERS, RULE, Draw
from s2f.reporting.group_tables import TITLES, peopled
from s2f.reporting.sources import Model

THEIRS, CHANCE = "#d9772b", "#8a8f98"
OLDEST = 100  # years


def facial(content: dict[str, Any]) -> Draw:
    """Age r and gender accuracy by w, with intervals, shuffled pairs and the paper's values."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for axes, key, name in ((left, "age_r", "age: Pearson's r"), (right, "gender_accuracy", "gender accuracy")):
            names = list(content["guidance"])
            x = np.arange(len(names))
            _band(axes, x, [content["shuffled"][w][key] for w in names], "shuffled pairs")
            _points(axes, x, [content["guidance"][w][key] for w in names], "ours")
            known = [(at, getattr(paper.FACIAL[w], key)) for at, w in enumerate(names) if w in paper.FACIAL]
            if known:
                axes.plot(
                    *zip(*known, strict=True),
                    "D",
                    color=THEIRS,
                    markersize=5,
                    label="paper (real people)",
                    linestyle="none",
                )
            axes.set_xticks(x, names)
            axes.set_xlabel("guidance w")
            axes.set_title(name)
            axes.set_ylim((-0.4, 1.05) if key == "age_r" else (0.3, 1.02))
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)

    return draw


def ages(pairs: list[tuple[float, float]], of: str = "") -> Draw:
    """Age of the generated against age of the true face, both as judged; pairs of (true, generated).

    `of` says of which generated faces.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        points = np.array(pairs).reshape(-1, 2)
        if not len(points):
            _nothing(axes)
            return
        low, high = points.min() - 2, points.max() + 2
        axes.plot([low, high], [low, high], color=CHANCE, linewidth=1, linestyle="--", label="equal")
        axes.plot(points[:, 0], points[:, 1], "o", color=OURS, alpha=0.55, markersize=4, markeredgewidth=0)
        axes.set(xlabel="judged age, true face", ylabel=f"judged age, generated face{of}")
        axes.set(xlim=(low, high), ylim=(low, high))
        axes.set_aspect("equal")
        axes.legend(loc="upper left")

    return draw


def ageless(pairs: list[tuple[float, float]]) -> str:
    """In a sentence, how many of the faces in the scatter have a judged age that nobody has; nothing where none has."""
    judged = [age for pair in pairs for age in pair]
    odd = sum(not 0 <= age <= OLDEST for age in judged)
    if not odd:
        return ""
    are = "is" if odd == 1 else "are"
    return (
        f"Of these {len(judged)} faces {odd} {are} judged younger than 0 or older than {OLDEST}: the judge is a "
        "network, whose years have no ends."
    )


def craniofacial(content: dict[str, Any], beside_paper: bool = True) -> Draw:
    """r of each measure with its interval, beside random pairs and, for faces of our own, the paper's r."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        rows = list(content["measures"].items())[::-1]
        y = np.arange(len(rows))
        for at, (name, row) in zip(y, rows, strict=True):
            luck = row["shuffled"]["mean"]
            if luck["low"] is not None:
                axes.plot([luck["low"], luck["high"]], [at, at], color=CHANCE, alpha=0.35, linewidth=8)
            if row["r"] is not None:
                fill = OURS if row["tied"] or not _any_tied(content) else "none"
                axes.plot([row["low"], row["high"]], [at, at], color=OURS, linewidth=1.6)
                axes.plot(row["r"], at, "o", color=OURS, markerfacecolor=fill, markersize=6)
            if beside_paper and name in paper.CRANIOFACIAL:
                axes.plot(paper.CRANIOFACIAL[name].r, at, "D", color=THEIRS, markersize=4)
        axes.axvline(0, color=RULE, linewidth=0.8)
        axes.set_yticks(y, [paper.WORDS.get(name, name) for name, _ in rows])
        axes.set_xlabel("Pearson's r with the true face")
        _legend(axes, _any_tied(content), beside_paper)

    return draw


def _any_tied(content: dict[str, Any]) -> bool:
    return any(row["tied"] for row in content["measures"].values())


def _legend(axes: Axes, tied: bool, beside_paper: bool) -> None:
    ours = "ours" if beside_paper else "generated faces"
    axes.plot([], [], "o-", color=OURS, label="ours, tied to the voice" if tied else ours)
    if tied:
        axes.plot([], [], "o-", color=OURS, markerfacecolor="none", label="ours, not tied")
    axes.plot([], [], color=CHANCE, alpha=0.35, linewidth=8, label="random pairs")
    if beside_paper:
        axes.plot([], [], "D", color=THEIRS, markersize=4, linestyle="none", label="paper (real people)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=2)


def recall(content: dict[str, Any]) -> Draw:
    """Recall@k by the voice and by its generated faces, beside chance."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        voice = content["voice"]["recall"]
        weight = content["by_guidance"].get(content["guidance"])
        keys = [key for key in voice if key.startswith("at_")]
        x = np.arange(len(keys))
        _points(axes, x - 0.1, [voice[key] for key in keys], "voice asks")
        if weight:
            rows = [weight["recall"][key] for key in keys]
            _points(axes, x + 0.1, rows, f"generated face asks (w = {content['guidance']})", "s", "#3aa387")
        for at, key in zip(x, keys, strict=True):
            if voice[key]["chance"] is not None:
                label = "chance" if at == 0 else None
                axes.plot([at - 0.3, at + 0.3], [voice[key]["chance"]] * 2, color=CHANCE, linewidth=2, label=label)
        axes.set_xticks(x, [key.replace("at_", "first ") for key in keys])
        axes.set_ylabel("own face found")
        axes.set_ylim(0, 1.05)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=3)

    return draw


def groups(content: dict[str, Any]) -> Draw:
    """Each group's headlines with their intervals, beside that of all voices (dashed) and the group's own chance."""
    names = ("gender_accuracy", "age_r", "recall_by_face")

    def draw(figure: Figure) -> None:
        rows = peopled(content["groups"])[::-1]
        panels = figure.subplots(1, len(names), sharey=True)
        for axes, name in zip(panels, names, strict=True):
            _across(axes, [group["headlines"].get(name, {}) for group in rows])
            axes.set_yticks(range(len(rows)), [f"{group['group']} ({group['people']})" for group in rows])
            overall = content["headlines"].get(name, {}).get("value")
            if overall is not None:
                axes.axvline(overall, color=CHANCE, linewidth=1.2, linestyle="--", label="all together")
            axes.set_title(TITLES[name])
        _one_legend(figure, panels, 2)

    return draw


def _across(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Numbers with intervals, one below the other, and what each would be by chance."""
    lucky = [(row["chance"], at) for at, row in enumerate(rows) if row.get("chance") is not None]
    if lucky:
        axes.plot(*zip(*lucky, strict=True), "|", color=CHANCE, markersize=14, markeredgewidth=2, label="chance")
    for at, row in enumerate(rows):
        if row.get("value") is not None:
            axes.plot([row["low"], row["high"]], [at, at], color=OURS, linewidth=1.6)
            axes.plot(row["value"], at, "o", color=OURS, markersize=6)


def training(models: list[Model], losses: Mapping[str, str]) -> Draw:
    """Loss over steps, training and validation, and by quarter of t where there is a t; `losses` names each model's."""

    def draw(figure: Figure) -> None:
        panels = np.atleast_1d(figure.subplots(1, len(models)))
        for axes, model in zip(panels, models, strict=True):
            axes.set_title(model.name.replace("_", " "))
            if not model.history:
                _nothing(axes)
                continue
            for quarter, colour in enumerate(QUARTERS, 1):
                _curve(axes, model, f"loss_q{quarter}", colour, f"training, t in quarter {quarter}", 0.9)
            _curve(axes, model, "loss", CHANCE, "training", 1.4)
            _curve(axes, model, "validation_loss", INK, "validation", 1.6, marker="o")
            axes.set(xlabel="training step", ylabel=losses[model.name])
            axes.set_ylim(0, None)
        _one_legend(figure, panels, 3)

    return draw


def _one_legend(figure: Figure, panels: Iterable[Axes], columns: int) -> None:
    """Below all panels, each line once."""
    shown = {label: one for axes in panels for one, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if shown:
        figure.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=columns)


def _curve(axes: Axes, model: Model, column: str, colour: str, label: str, width: float, marker: str = "") -> None:
    rows = [(row["step"], row.get(column)) for row in model.history]
    points = [(step, value) for step, value in rows if step is not None and value is not None]
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, label=label, linewidth=width, marker=marker, markersize=3)


def _points(axes: Axes, x: Any, rows: list[dict[str, Any]], label: str, marker: str = "o", colour: str = OURS) -> None:
    known = [(at, row) for at, row in zip(x, rows, strict=True) if row["value"] is not None]
    if not known:
        return
    at = [one for one, _ in known]
    value = np.array([row["value"] for _, row in known])
    reach = [value - [row["low"] for _, row in known], np.array([row["high"] for _, row in known]) - value]
    axes.errorbar(at, value, np.maximum(reach, 0), fmt=marker, color=colour, capsize=3, markersize=6, label=label)


def _band(axes: Axes, x: Any, rows: list[dict[str, Any]], label: str) -> None:
    known = [(at, row["low"], row["high"]) for at, row in zip(x, rows, strict=True) if row["value"] is not None]
    for number, (at, low, high) in enumerate(known):
        axes.fill_between(
            [at - 0.4, at + 0.4], low, high, color=CHANCE, alpha=0.3, linewidth=0, label="" if number else label
        )


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not available", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()
