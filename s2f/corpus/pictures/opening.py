"""Which kind of source a path is. What is large about one, its index, is made once per process."""

import functools
import os
import threading
from pathlib import Path

from s2f.corpus.pictures.archive_tar import TarSource
from s2f.corpus.pictures.archive_zip import ZipSource
from s2f.corpus.pictures.folder import FolderSource
from s2f.corpus.pictures.names import is_of_macos, is_picture
from s2f.corpus.pictures.parquet import ParquetSource
from s2f.corpus.pictures.source import PictureSource, Stamp, stamp_of
from s2f.runtime import InputError

ALLOWED = "a folder of pictures, a .zip, an uncompressed .tar, a .parquet file or a folder of them"

_one_at_a_time = threading.Lock()  # else every thread would begin with an index of its own


def open_source(path: Path) -> PictureSource:
    """The pictures at `path`; opened again only if a file of it has changed since.

    A folder that holds both pictures and Parquet is a folder of pictures.

    Raises:
        InputError: nothing is there, or nothing that pictures can be read from.
    """
    if path.is_dir():
        if not (shards := _shards(path)):
            return FolderSource(path)
    elif path.is_file():
        shards = [path]
    else:
        raise InputError(f"portraits.source: {path}: no such folder or file; allowed: {ALLOWED}.")
    with _one_at_a_time:
        return _opened(path, tuple((shard, stamp_of(shard)) for shard in shards), os.getpid())


@functools.lru_cache(maxsize=2)
def _opened(path: Path, files: tuple[tuple[Path, Stamp], ...], process: int) -> PictureSource:
    """A source whose files bear these stamps; a forked process opens its own, for it would share their positions."""
    name = path.name.lower()
    if name.endswith(".zip"):
        return ZipSource(path)
    if name.endswith((".tar", ".tgz", ".tbz", ".txz")) or ".tar." in name:
        return TarSource(path)
    if path.is_dir() or name.endswith(".parquet"):
        return ParquetSource(path, [file for file, _ in files])
    raise InputError(f"portraits.source: {path} is a file of another kind; allowed: {ALLOWED}.")


def _shards(folder: Path) -> list[Path]:
    """The Parquet files of a folder without pictures, by name.

    Raises:
        InputError: one of them is a link that leads out of the folder.
    """
    shards = []
    for inside, _, files in os.walk(folder):
        if any(is_picture(file) and not is_of_macos(file) for file in files):
            return []
        shards += [Path(inside, file) for file in files if file.lower().endswith(".parquet")]
    shards = sorted(shard for shard in shards if not is_of_macos(shard.name) and shard.is_file())
    for shard in shards:
        if not shard.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"portraits.source: {shard} is a link that leads out of the folder; copy the file there.")
    return shards
