"""Videos that were fetched, kept until their rows are written: what was asked for once is not asked for again.

One folder for each video, moved into place when it is whole, with a note of what it holds. A host's last word (removed,
private, …) is kept like a video, or beside what was fetched before, for whoever asks in the same name; what may yet
come is not. A build that is killed finds it all again.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from s2f.media.failures import Failure, Kind
from s2f.media.fetched import Fetched, Span

NOTE = "fetched.json"
LAST_WORD = "refused.json"  # beside it: a note of what the host refused of a video that is here in part
PARTS = ".*.part"  # folders of fetches under way; a video's id has no leading dot
LOCK = ".lock"  # in a part, locked by whoever is at it: the system lets go of it when the process ends, however it ends

Fetch = Callable[[Path, Sequence[Span]], tuple[Fetched, int]]


class Store:
    """A folder of videos; several processes and machines may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, video: str, asked: str, by: str, spans: Sequence[Span], fetch: Fetch) -> tuple[Fetched, int]:
        """A video with these spans, and the attempts it took: from the store, or by `fetch`.

        That is given a folder, and the spans with those that are here already: another build may need them. `asked`
        names all else that was asked for (URL, height): another one's answer is none. `by` names who asks (cookies,
        proxy): a video is a video whoever got it, but another one may be refused, or not be.

        Raises:
            Failure: the host's, now or before.
        """
        place = self._place(video)
        notes = [note for name in (NOTE, LAST_WORD) if (note := _note(place / name)) is not None]
        for note in notes:
            if _answers(note, place, asked, by, spans):
                return _answer(place, note)
        here = {span for note in notes for span in _spans_here(note, place, asked)}
        spans = sorted({*spans, *here})
        with self._part(video) as part:
            note = {"asked": asked, "spans": spans}
            try:
                fetched, attempts = fetch(part, spans)
                files = [str(path.relative_to(part)) for path in (fetched.picture, fetched.sound)]
                note |= {"files": files, "bytes": fetched.fetched_bytes, "whole": fetched.whole, "attempts": attempts}
            except Failure as failure:
                if failure.kind is not Kind.PERMANENT or failure.reason == "no_format":  # another yt-dlp may find one
                    raise
                note |= {"by": by, "reason": failure.reason, "message": failure.message, "attempts": failure.attempts}
                if here:  # what was fetched when the host still had it is worth more than its last word
                    _finish(part, note)
                    with suppress(FileNotFoundError):  # another build takes it away
                        (part / NOTE).replace(place / LAST_WORD)
                    raise
            _finish(part, note)
            while not _put(part, place):  # there was one of other spans, or another build had it first
                self.forget(video)
            (place / LOCK).unlink(missing_ok=True)
        return _answer(place, note)

    def forget(self, video: str) -> bool:
        """Delete a video; whether there was one."""
        place = self._place(video)
        if not place.exists():
            return False
        with self._part(video) as part:
            try:
                place.rename(part / "old")  # a kill leaves no note of files that are gone
            except FileNotFoundError:  # another build did so
                return False
        return True

    def clear_parts(self) -> None:
        """Delete what fetches left that were killed; those under way, of whatever build and machine, stay."""
        for part in self.folder.glob(f"*/{PARTS}"):
            lock = _lock(part, wait=False)
            if lock is not None:
                with lock:
                    shutil.rmtree(part, ignore_errors=True)

    def _place(self, video: str) -> Path:
        # 256 folders: one of 290,000 is slow to list.
        return self.folder / hashlib.sha256(video.encode()).hexdigest()[:2] / video

    @contextmanager
    def _part(self, video: str) -> Iterator[Path]:
        """A new folder, nobody else's while the block takes; what is left there then goes."""
        parent = self._place(video).parent
        parent.mkdir(parents=True, exist_ok=True)
        lock = None
        while lock is None:  # once, unless somebody clears parts in this very moment
            part = Path(tempfile.mkdtemp(dir=parent, prefix=f".{video}.", suffix=".part"))
            lock = _lock(part, wait=True)
        with lock:
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)


def _put(part: Path, place: Path) -> bool:
    try:
        part.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _lock(part: Path, wait: bool) -> IO[bytes] | None:
    """The lock of a part, to be closed; None if the part is gone, or another's and not to be waited for."""
    try:
        file = (part / LOCK).open("ab")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if not wait:  # a disk without locks shows nobody's parts, and they stay
            file.close()
            return None
    if not _is(file, part / LOCK):
        file.close()
        return None
    return file


def _is(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _note(path: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(note, dict) or not {"asked", "spans", "attempts"} <= note.keys():
        return None
    video, refusal = {"files", "bytes", "whole"}, {"by", "reason", "message"}
    return note if video <= note.keys() or refusal <= note.keys() else None


def _spans_here(note: dict[str, Any], place: Path, asked: str) -> set[Span]:
    return _spans(note) if note["asked"] == asked and "files" in note and _has_files(note, place) else set()


def _has_files(note: dict[str, Any], place: Path) -> bool:
    return all((place / name).is_file() for name in note["files"])


def _spans(note: dict[str, Any]) -> set[Span]:
    return {(start, end) for start, end in note["spans"]}


def _answers(note: dict[str, Any], place: Path, asked: str, by: str, spans: Sequence[Span]) -> bool:
    """Whether a note is one of these spans, and its files are still there."""
    if note["asked"] != asked or not (note.get("whole") or _spans(note) >= set(spans)):
        return False
    return note["by"] == by if "reason" in note else _has_files(note, place)


def _answer(place: Path, note: dict[str, Any]) -> tuple[Fetched, int]:
    if "reason" in note:
        raise Failure(note["reason"], note["message"], note["attempts"])
    picture, sound = (place / name for name in note["files"])
    return Fetched(picture, sound, note["bytes"], note["whole"]), note["attempts"]


def _finish(part: Path, note: dict[str, Any]) -> None:
    """The note is written when the disk has all that it tells of."""
    for path in _files(part):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    (part / NOTE).write_text(json.dumps(note), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
