"""Which generated pictures belong to which true one, by their names alone.

A picture's name is its path inside its folder, without the ending. NAME, NAME_0, NAME_1, … and whatever lies in a
sub-folder NAME are samples of the true picture NAME; a name that is exactly a true one's is that one's and no other's.
"""

import math
import posixpath
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from s2f.runtime import InputError

NEARLY_ALL = 0.9  # of the names must have a sample for it to count: r of a sample that few have is a number of few
NUMBERED = re.compile(r"(.+)_(\d+)", re.DOTALL)

Order = tuple[int, list[tuple[str, int]], str]  # which sample comes before which


@dataclass(frozen=True)
class Pairing:
    """Paths as they were given, by name, in order of the names."""

    true: dict[str, str]  # of the names that have a generated picture
    generated: dict[str, list[str]]  # each name's samples, in order, of which as many count as nearly all names have
    without_generated: list[str]  # true pictures of which nothing was generated
    without_true: list[str]  # generated pictures of nobody
    beyond: list[str]  # samples more than nearly all names have

    @property
    def samples(self) -> int:
        """The most that a name has."""
        return max(len(paths) for paths in self.generated.values())


def pair_up(true: Iterable[str], generated: Iterable[str]) -> Pairing:
    """Paths inside the two folders, '/' between their parts, as pairs of one name.

    Raises:
        InputError: two pictures of a folder have one name, or no name is on both sides.
    """
    truths, drawn = _by_name(true, "true"), _by_name(generated, "generated")
    samples: dict[str, list[tuple[Order, str]]] = {}
    without_true = []
    for name, path in drawn.items():
        found = _belongs_to(name, truths)
        if found is None:
            without_true.append(path)
        else:
            samples.setdefault(found[0], []).append((found[1], path))
    if not samples:
        raise InputError(
            f"no generated picture is called as a true one is (true: '{printable(next(iter(truths)))}', generated: "
            f"'{printable(next(iter(drawn)))}'); allowed: NAME, NAME_0, NAME_1, … or files in a folder NAME."
        )
    ordered = {name: [path for _, path in sorted(samples[name])] for name in sorted(samples)}
    most = enough([len(paths) for paths in ordered.values()])
    return Pairing(
        true={name: truths[name] for name in ordered},
        generated={name: paths[:most] for name, paths in ordered.items()},
        without_generated=[path for name, path in truths.items() if name not in ordered],
        without_true=without_true,
        beyond=[path for paths in ordered.values() for path in paths[most:]],
    )


def enough(counts: list[int]) -> int:
    """The largest number that nearly all of the counts reach."""
    falling = sorted(counts, reverse=True)
    return falling[math.ceil(NEARLY_ALL * len(falling)) - 1]


def name_of(path: str) -> str:
    """A picture's name."""
    return spelt_alike(posixpath.splitext(path)[0])


def spelt_alike(name: str) -> str:
    """Letters with marks written in one way: macOS writes them in another."""
    return unicodedata.normalize("NFC", name)


def printable(text: str) -> str:
    """Text that a terminal shows as it is: what it would act on is spelt out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _by_name(paths: Iterable[str], which: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(paths):
        first = found.setdefault(name_of(path), path)
        if first != path:
            raise InputError(
                f"the {which} pictures '{printable(first)}' and '{printable(path)}' have one name; "
                "allowed: one picture of a name."
            )
    return found


def _belongs_to(name: str, truths: dict[str, str]) -> tuple[str, Order] | None:
    """The true picture that a generated one is a sample of, and where it stands among its samples."""
    if name in truths:
        return name, (0, [], name)
    numbered = NUMBERED.fullmatch(name)
    if numbered and numbered[1] in truths:
        return numbered[1], (1, [("", int(numbered[2]))], name)
    folder = posixpath.dirname(name)
    while folder:
        if folder in truths:
            return folder, (2, _in_order(name[len(folder) :]), name)
        folder = posixpath.dirname(folder)
    return None


def _in_order(name: str) -> list[tuple[str, int]]:
    """2 before 10, however they are written."""
    return [(text, int(digits)) for text, digits in re.findall(r"(\D*)(\d+)", name)]
