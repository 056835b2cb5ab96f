"""What is in the local files that a corpus is built from: a file that changed under its old name is another file."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from s2f.runtime import file_sha256

THREADS = 4  # a disk answers several at once, and hashing holds no lock


def contents_sha256(paths: Iterable[Path]) -> list[str | None]:
    """Hex digests in the paths' order, None for what is missing or may not be read; files are read in pieces."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_sha256, paths))


def _sha256(path: Path) -> str | None:
    try:
        return file_sha256(path) if path.is_file() else None  # opening a pipe would wait for whoever writes to it
    except OSError:
        return None
