"""What is known of the people in given pictures: a CSV file with a column `name` and any of age, gender and person."""

import csv
import io
from collections.abc import Collection
from pathlib import Path

from s2f.corpus.labels import GENDERS, OLDEST, Labels
from s2f.corpus.pictures.names import is_picture
from s2f.evaluation.pairing import name_of, printable, spelt_alike
from s2f.runtime import InputError

SPELLINGS = GENDERS | {"woman": "f", "man": "m"}
NOT_KNOWN = {"", "na", "n/a", "nan", "none", "null", "unknown"}  # as tables of others have it


def read_name_labels(path: Path, names: Collection[str]) -> dict[str, Labels]:
    """Labels by name, which may stand with its picture's ending or without; other columns are ignored.

    `names` are those of the true pictures: where one of them looks like a file's name, it is that one.

    Raises:
        InputError: no such file or column, or a value that cannot be read, naming its line.
    """
    if not path.is_file():
        raise InputError(f"--labels {path}: no such file; allowed: a CSV file with a column 'name'.")
    labels: dict[str, Labels] = {}
    reader = csv.DictReader(io.TextIOWrapper(io.BytesIO(path.read_bytes()), encoding="utf-8-sig", newline=""))
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        if "name" not in columns:
            found = printable(", ".join(columns)[:80])
            raise InputError(f"--labels {path}: has no column 'name' (found: '{found}'); allowed: name, age, gender, …")
        for cells in reader:
            row = {column: (cells[column] or "").strip() for column in columns}
            name = _name(row["name"], names)
            if name in labels:
                raise ValueError(f"'{printable(name)}' stands there twice")
            labels[name] = _labels(row)
    except InputError:
        raise
    except (ValueError, csv.Error) as error:  # no UTF-8 is a ValueError too
        raise InputError(f"--labels {path}, line {reader.line_num}: {error}.") from None
    return labels


def _name(text: str, names: Collection[str]) -> str:
    if not text:
        raise ValueError("there is no name")
    name = spelt_alike(text)
    return name_of(text) if name not in names and is_picture(text) else name


def _labels(row: dict[str, str]) -> Labels:
    values = (row.get(column, "") for column in ("age", "gender", "person"))
    age, gender, person = ("" if value.lower() in NOT_KNOWN else value for value in values)
    return Labels(_age(age) if age else None, _gender(gender) if gender else None, person or None)


def _age(text: str) -> float:
    try:
        age = float(text)
    except ValueError:
        age = -1.0
    if not 0 <= age <= OLDEST:  # nor nan
        raise ValueError(f"age '{printable(text)}' is none; allowed: 0 to {OLDEST} years or nothing")
    return age


def _gender(text: str) -> str:
    if text.lower() not in SPELLINGS:
        raise ValueError(f"gender '{printable(text)}' is not known; allowed: {', '.join(SPELLINGS)} or nothing")
    return SPELLINGS[text.lower()]
