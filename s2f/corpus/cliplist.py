"""AVSpeech's lists: `youtube_id,start,end,x,y`, in every shape they are passed around in.

With or without a header, a byte-order mark, an index column; read as a stream, a row at a time. A row that cannot be
read is an item of its own, with its line number and why, so that it is counted like every other loss.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2f.media.failures import Failure, storable
from s2f.media.urls import check_video_id
from s2f.runtime import InputError

LONGEST_LINE = 4096  # characters; a list has fifty
TRIED_ROWS = 10  # if none of the first so many can be read, the file is something else

COLUMNS = ("youtube_id", "start", "end", "x", "y")
OTHER_NAMES = {"id": "youtube_id", "video_id": "youtube_id", "ytid": "youtube_id", "start_s": "start", "end_s": "end"}


@dataclass(frozen=True, slots=True)  # lists have hundreds of thousands
class Clip:
    """A stretch of a video in which one person is seen and heard."""

    youtube_id: str
    start_s: float
    end_s: float
    x: float | None = None  # the speaker's face, as fractions of the frame; None where the list does not say
    y: float | None = None

    @property
    def id(self) -> str:
        """Video and start in milliseconds: -1nRm4tQL0A_00024760."""
        return clip_id(self.youtube_id, self.start_s)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no clip."""

    id: str  # file and line
    message: str


def clip_id(youtube_id: str, start_s: float) -> str:
    """What a clip is called everywhere."""
    return f"{youtube_id}_{round(start_s * 1000):08d}"


def video_of(clip: str) -> str:
    """The video that a clip's id names."""
    return clip.rpartition("_")[0]


def read_clip_list(path: Path, max_clips: int | None = None) -> Iterator[Clip | BadRow]:
    """The rows of a list in order, the first `max_clips` or all; a row that repeats another word for word is left out.

    Raises:
        InputError: no such file, or nothing in its first rows reads as a clip.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a clip list in AVSpeech's format is expected.")
    seen = _Seen()
    bad = rows = 0
    columns: Sequence[str] | None = None
    for line, text in _lines(path):
        cells = [cell.strip().strip('"') for cell in text.split(",")]
        if columns is None:
            columns, is_header = _columns(cells)
            if is_header:
                continue
        if max_clips is not None and rows == max_clips:
            break
        rows += 1
        try:
            clip = _clip(dict(zip(columns, cells, strict=False)))
        except Failure as failure:
            bad += 1
            if bad == rows == TRIED_ROWS:
                raise _no_list(path, line, failure) from None
            yield BadRow(_name(path, line), failure.message)
            continue
        first_line, says_the_same = seen.first(line, clip)
        if first_line == line:
            yield clip
        elif not says_the_same:
            yield BadRow(_name(path, line), f"the clip of line {first_line} again, with another end or face centre")
    if bad == rows:
        where = "" if max_clips is None else f" in its first {max_clips} rows"
        raise InputError(f"{path}: holds no clip{where}; expected rows of youtube_id,start,end,x,y.")


class _Seen:
    """The clips of a list so far: a quarter of a kilobyte each, for the whole of AVSpeech has 2.6 million."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}  # by id, in the arrays
        self._lines = array("q")
        self._values = array("d")

    def first(self, line: int, clip: Clip) -> tuple[int, bool]:
        """The line that named the clip first, this one or another, and whether it says the same of it."""
        values = [-1.0 if value is None else value for value in (clip.start_s, clip.end_s, clip.x, clip.y)]
        place = self._places.setdefault(clip.id, len(self._lines))
        if place == len(self._lines):
            self._lines.append(line)
            self._values.extend(values)
        return self._lines[place], self._values[4 * place : 4 * place + 4].tolist() == values


def _name(path: Path, line: int) -> str:
    return storable(f"{path.name}:{line}")


def _no_list(path: Path, line: int, failure: Failure) -> InputError:
    return InputError(f"{path}, line {line}: not a clip list ({failure.message}); expected youtube_id,start,end,x,y.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of lines that are not empty; one that is too long is cut, and will not read as a clip."""
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as file:
        number = 0
        while text := file.readline(LONGEST_LINE):
            number += 1
            rest = text
            while rest and not rest.endswith("\n") and len(rest) == LONGEST_LINE:
                rest = file.readline(LONGEST_LINE)
            if text.strip():
                yield number, text.rstrip("\n")


def _columns(first: list[str]) -> tuple[Sequence[str], bool]:
    """The columns' names, and whether the first row was a header that named them."""
    names = [OTHER_NAMES.get(cell.lower(), cell.lower()) for cell in first]
    if "youtube_id" in names and "start" in names and "end" in names:
        return names, True
    if len(first) == len(COLUMNS) + 1 and first[0].isdecimal():
        return ("index", *COLUMNS), False
    return COLUMNS, False


def _clip(cells: dict[str, str]) -> Clip:
    missing = [name for name in ("youtube_id", "start", "end") if not cells.get(name)]
    if missing:
        raise Failure("bad_row", f"no {', '.join(missing)}")
    start_s, end_s = _number(cells, "start"), _number(cells, "end")
    if not 0 <= start_s < end_s:
        raise Failure("bad_row", f"start {start_s:g} and end {end_s:g} are not 0 ≤ start < end")
    x, y = (_number(cells, name) if cells.get(name) else None for name in ("x", "y"))
    if any(value is not None and not 0 <= value <= 1 for value in (x, y)):
        raise Failure("bad_row", f"face centre {x}, {y} is not within 0 to 1")
    return Clip(check_video_id(cells["youtube_id"]), start_s, end_s, x, y)


def _number(cells: dict[str, str], name: str) -> float:
    try:
        value = float(cells[name])
    except ValueError:
        raise Failure("bad_row", f"{name} {cells[name][:64]!r} is not a number") from None
    if not math.isfinite(value) or abs(value) > 1e6:
        raise Failure("bad_row", f"{name} {cells[name][:64]!r} is no time or place in a video")
    return value
