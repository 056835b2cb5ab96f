"""From an archive's members, as its format lists them, to entries: the same rules for zip and tar."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from s2f.corpus.labels import FILE, LabelFile, label_file
from s2f.corpus.pictures.names import LONGEST, Unique, archived_problem_of, is_of_macos, is_picture, shown
from s2f.corpus.pictures.source import Entry, check_count, stamp_of
from s2f.media.failures import Failure
from s2f.runtime import InputError

Place = TypeVar("Place")

logger = logging.getLogger(__name__)


class Member(NamedTuple, Generic[Place]):
    """A file in an archive."""

    name: str
    place: Place  # what its format needs to read it
    problem: str | None = None  # why it cannot be read
    is_damage: bool = False  # no file, but where the archive can be read no further


@dataclass(frozen=True)
class Index(Generic[Place]):
    """An archive's pictures."""

    entries: list[Entry]  # by name
    places: dict[str, Place]  # of those without a problem, and of labels.csv


def index_members(members: Iterable[Member[Place]], path: Path) -> Index[Place]:
    """The pictures among an archive's members, sorted by name, and its file of labels; says what is left out.

    Raises:
        InputError: there are more than can be planned.
    """
    kept: list[Member[Place]] = []
    left_out: Counter[str] = Counter()
    places: dict[str, Place] = {}
    for listed in members:
        name = listed.name.removeprefix("./")  # as `tar -c .` writes them
        member = listed._replace(name=name[: LONGEST + 1])  # too long to be used, long enough to be told
        if member.is_damage or (is_picture(name) and not is_of_macos(name)):
            kept.append(member)
            check_count(len(kept), path)
        elif member.name == FILE and member.problem is None:
            places.setdefault(FILE, member.place)
        elif is_of_macos(name):
            left_out["of macOS's own"] += 1
        else:
            left_out["no pictures by their names"] += 1
    for what, count in left_out.items():
        logger.info("%s: %d files are left out, %s.", path, count, what)
    kept.sort(key=lambda member: member.name)  # those of one name stay in the archive's order
    stamp, unique = stamp_of(path), Unique()
    entries = []
    for member in kept:
        problem = member.problem or archived_problem_of(member.name)
        entry = Entry(unique(shown(member.name) if problem else member.name), stamp, problem)
        entries.append(entry)
        if problem is None:
            places[entry.name] = member.place
    return Index(entries, places)


def labels_of(path: Path, index: Index[Place], read: Callable[[str], bytes]) -> LabelFile | None:
    """`labels.csv` beside an archive, else at its top.

    Raises:
        InputError: the archive's own cannot be read.
    """
    if (beside := label_file(path.parent)) is not None or FILE not in index.places:
        return beside
    try:
        return LabelFile(path / FILE, read(FILE))
    except Failure as failure:
        raise InputError(f"portraits.source: {path}: {failure.message}.") from None
