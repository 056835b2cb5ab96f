"""What a training run logged: a CSV with one row at every validation, training and validation losses side by side.

The rows, and the half-filled interval after them, travel in the checkpoint, so that a resumed run writes the file an
uninterrupted one writes.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from s2f.runtime import replace_file

QUARTERS = tuple(f"loss_q{quarter}" for quarter in (1, 2, 3, 4))
LOSSES = ("loss", *QUARTERS)
RANKING = ("validation_rank", "validation_recall_at_10")  # of the speech encoder alone
COLUMNS = ("step", *LOSSES, *(f"validation_{name}" for name in LOSSES), *RANKING, "learning_rate")

Row = dict[str, float | int]


class Means:
    """Running means by name."""

    def __init__(self, sums: dict[str, list[float]] | None = None) -> None:
        self.sums = sums or {}  # name: [sum, count]

    def add(self, name: str, values: Tensor) -> None:
        """Values of any number, none included."""
        entry = self.sums.setdefault(name, [0.0, 0])
        entry[0] += float(values.detach().double().sum())
        entry[1] += values.numel()

    def add_losses(self, rows: Tensor, quarter: Tensor | None) -> None:
        """Losses of rows (b,), and of each quarter of t (b,) those that fell into it."""
        self.add("loss", rows)
        if quarter is not None:
            for index, name in enumerate(QUARTERS):
                self.add(name, rows[quarter == index])

    def means(self) -> dict[str, float]:
        """Of everything that had a value."""
        return {name: total / count for name, (total, count) in self.sums.items() if count}


class History:
    """Rows so far, and the training losses since the last one."""

    def __init__(self, state: str | None = None) -> None:
        content = json.loads(state) if state else {"rows": [], "interval": {}}
        self.rows: list[Row] = content["rows"]
        self.interval = Means(content["interval"])

    def state(self) -> str:
        """As text; `History(text)` is this history again, to the last bit."""
        return json.dumps({"rows": self.rows, "interval": self.interval.sums})

    def close_interval(self, step: int, validation: Means, rate: float, ranking: Mapping[str, float]) -> Row:
        """The row of the interval that ends after `step` steps, and of the validation there; the next one begins."""
        validated = {f"validation_{name}": mean for name, mean in validation.means().items()} | dict(ranking)
        row: Row = {"step": step, **self.interval.means(), **validated, "learning_rate": rate}
        self.rows.append(row)
        self.interval = Means()
        return row

    def write(self, path: Path) -> None:
        """The whole file anew: short enough, and never half a row. What a model does not have stays empty."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: shorten(value) for name, value in row.items()} for row in self.rows)
        replace_file(path, text.getvalue().encode())


def shorten(value: float | int) -> float | int:
    """Six significant digits for the eye."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
