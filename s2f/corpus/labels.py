"""What is known of the people in a source: `labels.csv` beside it, with any of age, gender and person."""

import csv
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from s2f.corpus.cliplist import clip_id
from s2f.runtime import InputError

FILE = "labels.csv"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Labels:
    """None where not known."""

    age: float | None = None  # years
    gender: str | None = None  # f or m
    person: str | None = None  # clips or pictures of one person share it; splits keep it together


UNKNOWN = Labels()


def clip_labels(source: Path) -> dict[str, Labels]:
    """Labels by clip id, from columns youtube_id, start and any of age, gender, person; empty if there is no file.

    Raises:
        InputError: a value that cannot be read, naming its line.
    """
    return _read(source / FILE, ("youtube_id", "start"), lambda row: clip_id(row["youtube_id"], float(row["start"])))


def picture_labels(source: Path) -> dict[str, Labels]:
    """Labels by picture, from columns path and any of age, gender, person; empty if there is no file.

    Raises:
        InputError: a value that cannot be read, naming its line.
    """
    return _read(source / FILE, ("path",), lambda row: Path(row["path"]).as_posix())


def _read(path: Path, keys: tuple[str, ...], key: Callable[[dict[str, str]], str]) -> dict[str, Labels]:
    if not path.is_file():
        return {}
    labels: dict[str, Labels] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not set(keys) <= set(reader.fieldnames or ()):
            logger.warning("%s has no columns %s: its labels are not used.", path, ", ".join(keys))
            return {}
        for row in reader:
            try:
                labels[key(row)] = _labels(row)
            except (ValueError, TypeError) as error:
                raise InputError(f"{path}, line {reader.line_num}: {error}.") from None
    return labels


def _labels(row: dict[str, str]) -> Labels:
    gender = row.get("gender") or None
    if gender not in (None, "f", "m"):
        raise ValueError(f"gender '{gender}' is not known; allowed: f, m or nothing")
    age = float(row["age"]) if row.get("age") else None
    return Labels(age, gender, row.get("person") or None)
