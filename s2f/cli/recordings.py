"""What `s2f generate` is given: files, folders, pipes and standard input, each a recording under a name of its own."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from s2f.runtime import InputError

STDIN = Path("-")
MOST_BYTES = 2**30  # of standard input or a pipe, which has to be kept while it is read
PIECE = 2**20
LONGEST_NAME = 100  # bytes of a file's name that its pictures begin with; file systems allow 255


class Recording(NamedTuple):
    """`name` opens the names of its pictures, `said` the sentence if it cannot be used; `refused`: why it is none."""

    name: str
    path: Path
    said: str
    refused: InputError | None = None


@contextmanager
def recordings(inputs: Sequence[Path]) -> Iterator[list[Recording]]:
    """All of them: of a folder its files, in order of name, without hidden ones; of '-' what standard input holds.

    Refused is an input that is not there, a folder without files, and a pipe that holds nothing or too much.
    """
    with tempfile.TemporaryDirectory(prefix="s2f-") as place:
        found: list[Recording] = []
        for number, one in enumerate(inputs):
            try:
                found += _of(one, Path(place, f"{number}"))
            except InputError as error:
                found.append(Recording(_short(one.name), one, str(one), error))
        names = distinct([one.name for one in found])
        yield [one._replace(name=name) for one, name in zip(found, names, strict=True)]


def _of(given: Path, kept: Path) -> list[Recording]:
    """The recordings of an input; `kept` is where something may be put for them."""
    if given == STDIN:
        return [Recording("stdin", keep(sys.stdin.buffer, kept, "standard input"), "standard input")]
    if given.exists() and not given.is_file() and not given.is_dir():
        with given.open("rb") as stream:
            return [Recording(_short(given.name), keep(stream, kept, str(given)), str(given))]
    return [_file(path, kept.with_name(f"{kept.name}-{index}")) for index, path in enumerate(files_of(given))]


def _short(name: str) -> str:
    """What pictures' names can begin with."""
    return name.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore")


def _file(path: Path, link: Path) -> Recording:
    """A file; one whose name is no UTF-8, which ffmpeg is not told, under another one."""
    said = os.fsencode(path).decode(errors="replace")
    if said != str(path):
        link.symlink_to(path.absolute())
        path = link
    return Recording(_short(Path(said).stem), path, said)


def files_of(path: Path) -> list[Path]:
    """A file itself, or the files of a folder."""
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path}: no such file; name a sound or video file, a folder of them, or - for stdin.")
        return [path]
    files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not files:
        raise InputError(f"{path}: a folder without files; name one that holds sound or video files.")
    return files


def keep(stream: BinaryIO, path: Path, said: str) -> Path:
    """A stream as a file, which a video needs: its index may stand at the end."""
    kept = 0
    with path.open("wb") as file:
        while piece := stream.read(PIECE):
            kept += len(piece)
            if kept > MOST_BYTES:
                raise InputError(f"{said}: more than {MOST_BYTES // 2**20} MB; name a file instead.")
            file.write(piece)
    if not kept:
        raise InputError(f"{said}: empty; pipe a sound or video file into it.")
    return path


def distinct(names: Sequence[str]) -> list[str]:
    """Names made distinct by a number: x, x → x, x-2."""
    found: list[str] = []
    for name in names:
        tried = (name if number == 1 else f"{name}-{number}" for number in count(1))
        found.append(next(one for one in tried if one not in found))
    return found
