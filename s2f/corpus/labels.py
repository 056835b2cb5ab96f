"""What is known of the people in a source: `labels.csv` beside it, with any of age, gender and person."""

import csv
import io
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from s2f.corpus.cliplist import clip_id
from s2f.runtime import InputError

FILE = "labels.csv"
GENDERS = {"f": "f", "female": "f", "m": "m", "male": "m"}
OLDEST = 130  # years; a year of birth is no age

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Labels:
    """None where not known."""

    age: float | None = None  # years
    gender: str | None = None  # f or m
    person: str | None = None  # clips or pictures of one person share it; splits keep it together


UNKNOWN = Labels()


class LabelFile(NamedTuple):
    """A `labels.csv`, wherever it lies."""

    path: Path  # within an archive too, to name it
    content: bytes


def label_file(folder: Path) -> LabelFile | None:
    """The one in a folder, if there is one."""
    path = folder / FILE
    return LabelFile(path, path.read_bytes()) if path.is_file() else None


def clip_labels(source: Path) -> dict[str, Labels]:
    """Labels by clip id, from columns youtube_id, start and any of age, gender, person; empty if there is no file.

    Raises:
        InputError: a value that cannot be read, naming its line.
    """
    keys = (("youtube_id", "start"),)
    return _read(label_file(source), keys, lambda row: clip_id(row["youtube_id"], float(row["start"])))


def picture_labels(file: LabelFile | None) -> dict[str, Labels]:
    """Labels by picture, from columns path (or file) and any of age, gender, person; empty without a file.

    Raises:
        InputError: a value that cannot be read, naming its line.
    """
    keys = (("path",), ("file",))
    return _read(file, keys, lambda row: Path(row.get("path") or row.get("file", "")).as_posix())


def warn_of_unused(labels: Collection[str], ids: Iterable[str], source: Path, what: str) -> None:
    """Say how many labels name none of `ids`, all the clips or pictures there are: a misspelt name is lost silently."""
    unused = set(labels).difference(ids)
    if unused:
        words = "%s: %d of %d labels name no %s that there is, the first of them %s."
        logger.warning(words, source / FILE, len(unused), len(labels), what, min(unused))


def _read(
    file: LabelFile | None, keys: Sequence[tuple[str, ...]], key: Callable[[dict[str, str]], str]
) -> dict[str, Labels]:
    """Labels by `key` of their row, from a file with the columns of any of `keys`."""
    if file is None:
        return {}
    labels: dict[str, Labels] = {}
    reader = csv.DictReader(io.TextIOWrapper(io.BytesIO(file.content), encoding="utf-8-sig", newline=""))
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        if not any(set(columns) <= set(reader.fieldnames) for columns in keys):
            wanted = " or ".join(", ".join(columns) for columns in keys)
            logger.warning("%s has no columns %s: its labels are not used.", file.path, wanted)
            return {}
        for cells in reader:
            row = {name: (cells[name] or "").strip() for name in reader.fieldnames}
            labels[key(row)] = _labels(row)
    except (ValueError, OverflowError, TypeError, csv.Error) as error:  # no UTF-8 is a ValueError too
        raise InputError(f"{file.path}, line {reader.line_num}: {error}.") from None
    return labels


def _labels(row: dict[str, str]) -> Labels:
    age, gender, person = (row.get(name, "") for name in ("age", "gender", "person"))
    if age and not 0 <= float(age) <= OLDEST:  # nor nan
        raise ValueError(f"age '{age}' is none; allowed: 0 to {OLDEST} years or nothing")
    if gender and gender.lower() not in GENDERS:
        raise ValueError(f"gender '{gender}' is not known; allowed: {', '.join(GENDERS)} or nothing")
    return Labels(float(age) if age else None, GENDERS.get(gender.lower()), person or None)
