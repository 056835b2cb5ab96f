"""What a member of a source may be called: which names are pictures, which lead somewhere else, which stand twice."""

import posixpath
import re
from collections import Counter

from s2f.media.failures import storable

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
LONGEST = 1000  # characters; file systems allow 255 for each part


def is_picture(name: str) -> bool:
    """Whether it is called like one."""
    return posixpath.splitext(name)[1].lower() in SUFFIXES


def is_of_macos(name: str) -> bool:
    """What macOS stores beside a file (._a.jpg, __MACOSX/): called like a picture, and none."""
    *folders, last = name.split("/")
    return last.startswith("._") or "__MACOSX" in folders


def problem_of(name: str) -> str | None:
    """Why no table could hold this name, or None."""
    if len(name) > LONGEST:
        return f"its name has more than {LONGEST} characters"
    if storable(name) != name:
        return "its name is not valid UTF-8; rename it"
    return None


def archived_problem_of(name: str) -> str | None:
    """Likewise, or why a name in an archive is not trusted: nothing is ever written, but it was meant to be."""
    if "\0" in name:
        return "its name holds a NUL"
    if name.startswith("/") or re.match("[A-Za-z]:/", name) or ".." in name.split("/"):
        return "its name leads out of the archive"
    return problem_of(name)


def shown(name: str) -> str:
    """Any name as a table can hold it, and a person read it."""
    return storable(name.replace("\0", r"\0"))[:LONGEST]


class Unique:
    """Gives every name once: what is called a.png again becomes a.png#2, so that both are counted."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._again: Counter[str] = Counter()

    def __call__(self, name: str) -> str:
        """`name`, or the first of its numbers that is free."""
        unique = name
        while unique in self._given:
            self._again[name] += 1
            unique = f"{name}#{self._again[name] + 1}"
        self._given.add(unique)
        return unique
