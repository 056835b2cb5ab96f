"""What a run writes beside its weights: history.csv, DVCLive's files, and pictures of what the model draws.

DVC empties a stage's folder before it runs again: the pictures of a run that goes on come from beside its checkpoint.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from s2f.runtime import replace_file
from s2f.timing import found_finished
from s2f.training.history import History, Means, Row
from s2f.training.live import Live


class Record:
    """Of the run whose files go to `out`; `state` is what its checkpoint holds of it, None for a new one."""

    def __init__(self, out: Path, checkpoints: Path, state: str | None) -> None:
        self.history = History(state)
        self._went_on = state is None
        self._out, self._kept = out, checkpoints / "samples"
        self._live = Live(out / "live", self.history.rows)
        if state is None:
            shutil.rmtree(self._kept, ignore_errors=True)
        elif self._kept.is_dir():
            shutil.copytree(self._kept, out / "samples", dirs_exist_ok=True)

    def close_interval(self, step: int, validation: Means, rate: float, ranking: Mapping[str, float]) -> Row:
        """Write the row of the interval that ends after `step` steps."""
        self._went_on = True
        row = self.history.close_interval(step, validation, rate, ranking)
        self._live.add(row)
        self.write()
        return row

    def add_picture(self, step: int, png: bytes) -> None:
        """What the model draws after `step` steps."""
        for folder in (self._kept, self._out / "samples"):
            replace_file(folder / f"{step:07d}.png", png)

    def write(self) -> None:
        """The history, to `out`; a run that ends without an interval of its own was finished before."""
        if not self._went_on:
            found_finished()
        self.history.write(self._out / "history.csv")
