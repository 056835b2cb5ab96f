"""Losses and pictures of a training that goes on, for DVC's own eyes: `dvc plots show`, its extension, its studio.

Only where dvclive is installed, which comes with DVC; history.csv holds the same losses everywhere.
"""

from pathlib import Path
from typing import Any

from s2f.training.history import Row


class Live:
    """Rows of the history as DVCLive's files; a run that goes on begins with those that it had."""

    def __init__(self, folder: Path, rows: list[Row]) -> None:
        self._live: Any = None
        try:
            from dvclive import Live as DVCLive
        except ImportError:
            return
        self._live = DVCLive(str(folder), save_dvc_exp=False, dvcyaml=None, report=None)
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """One row of the history."""
        if self._live is None:
            return
        self._live.step = row["step"]
        for name, value in row.items():
            if name != "step":
                self._live.log_metric(name, value)
        self._live.make_summary()
