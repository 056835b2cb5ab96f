"""What `s2f generate` is given: files, folders and standard input, each a recording under a name of its own."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from s2f.runtime import InputError

STDIN = Path("-")
MOST_BYTES = 2**30  # of standard input, which has to be kept while it is read
PIECE = 2**20


class Recording(NamedTuple):
    """`name` opens the names of its pictures, `said` the sentence if it cannot be used."""

    name: str
    path: Path
    said: str


@contextmanager
def recordings(inputs: Sequence[Path]) -> Iterator[list[Recording]]:
    """All of them: of a folder its files, in order of name, without hidden ones; of '-' what standard input holds.

    Raises:
        InputError: an input is not there, a folder holds no file, or standard input holds nothing or too much.
    """
    with tempfile.TemporaryDirectory(prefix="s2f-") as place:
        paths: list[tuple[str, Path, str]] = []
        for one in inputs:
            if one == STDIN:
                paths.append(("stdin", keep(sys.stdin.buffer, Path(place, "stdin")), "standard input"))
            else:
                paths += [(path.stem, path, str(path)) for path in files_of(one)]
        names = distinct([name for name, _, _ in paths])
        yield [Recording(name, path, said) for name, (_, path, said) in zip(names, paths, strict=True)]


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


def keep(stream: BinaryIO, path: Path) -> Path:
    """A stream as a file, which a video needs: its index may stand at the end."""
    kept = 0
    with path.open("wb") as file:
        while piece := stream.read(PIECE):
            kept += len(piece)
            if kept > MOST_BYTES:
                raise InputError(f"standard input: more than {MOST_BYTES // 2**20} MB; name a file instead.")
            file.write(piece)
    if not kept:
        raise InputError("standard input: empty; pipe a sound or video file into it.")
    return path


def distinct(names: Sequence[str]) -> list[str]:
    """Names made distinct by a number: x, x → x, x-2."""
    found: list[str] = []
    for name in names:
        tried = (name if number == 1 else f"{name}-{number}" for number in count(1))
        found.append(next(one for one in tried if one not in found))
    return found
