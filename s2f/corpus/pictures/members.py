"""From an archive's members, as its format lists them, to entries: the same rules for zip and tar."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from s2f.corpus.pictures.names import Unique, archived_problem_of, is_of_macos, is_picture, shown
from s2f.corpus.pictures.source import Entry, check_count, stamp_of

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
    labels: str | None  # its name, where there is one


def index_members(members: Iterable[Member[Place]], path: Path, labels: str) -> Index[Place]:
    """The pictures among an archive's members, sorted by name, and its file of labels; says what is left out.

    Raises:
        InputError: there are more than can be planned.
    """
    kept: list[Member[Place]] = []
    left_out: Counter[str] = Counter()
    places: dict[str, Place] = {}
    for listed in members:
        member = listed._replace(name=listed.name.removeprefix("./"))  # as `tar -c .` writes them
        if member.name == labels and member.problem is None:
            places.setdefault(labels, member.place)
        elif is_of_macos(member.name):
            left_out["of macOS's own"] += 1
        elif member.is_damage or is_picture(member.name):
            kept.append(member)
            check_count(len(kept), path)
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
    return Index(entries, places, labels if labels in places else None)
