"""Videos that were fetched, kept until their rows are written: what was asked for once is not asked for again.

One folder for each video, moved into place when it is whole, with a note of what it holds. A host's last word (removed,
private, …) is kept like a video, for whoever asks in the same name; what may yet come is not. A build that is killed
finds it all again.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from s2f.media.failures import Failure, Kind
from s2f.media.fetched import Fetched, Span

NOTE = "fetched.json"
PARTS = ".*.part"  # folders of fetches under way; a video's id has no leading dot

Fetch = Callable[[Path], tuple[Fetched, int]]


class Store:
    """A folder of videos; several processes and machines may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, video: str, asked: str, by: str, spans: Sequence[Span], fetch: Fetch) -> tuple[Fetched, int]:
        """A video with these spans, and the attempts it took: from the store, or by `fetch` into a folder it is given.

        `asked` names all else that was asked for (URL, height): another one's answer is none. `by` names who asks
        (cookies, proxy): a video is a video whoever got it, but another one may be refused, or not be.

        Raises:
            Failure: the host's, now or before.
        """
        place = self._place(video)
        note = _note(place)
        if note is not None and _answers(note, asked, by, spans):
            return _answer(place, note)
        part = self._new_part(video)
        try:
            note = {"asked": asked, "spans": list(spans)}
            try:
                fetched, attempts = fetch(part)
                files = [str(path.relative_to(part)) for path in (fetched.picture, fetched.sound)]
                note |= {"files": files, "bytes": fetched.fetched_bytes, "attempts": attempts}
            except Failure as failure:
                if failure.kind is not Kind.PERMANENT or failure.reason == "no_format":  # another yt-dlp may find one
                    raise
                note |= {"by": by, "reason": failure.reason, "message": failure.message, "attempts": failure.attempts}
            _finish(part, note)
            self.forget(video)
            part.rename(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return _answer(place, note)

    def forget(self, video: str) -> bool:
        """Delete a video; whether there was one."""
        place = self._place(video)
        if not place.exists():
            return False
        part = self._new_part(video)
        place.rename(part)  # a kill leaves no note of files that are gone
        shutil.rmtree(part, ignore_errors=True)
        return True

    def clear_parts(self) -> None:
        """Delete what fetches left that were killed; to be called while none is under way."""
        for part in self.folder.glob(f"*/{PARTS}"):
            shutil.rmtree(part, ignore_errors=True)

    def _place(self, video: str) -> Path:
        # 256 folders: one of 290,000 is slow to list.
        return self.folder / hashlib.sha256(video.encode()).hexdigest()[:2] / video

    def _new_part(self, video: str) -> Path:
        parent = self._place(video).parent
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent, prefix=f".{video}.", suffix=".part"))


def _note(place: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads((place / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) and {"asked", "spans", "attempts"} <= note.keys() else None


def _answers(note: dict[str, Any], asked: str, by: str, spans: Sequence[Span]) -> bool:
    known = {(start, end) for start, end in note["spans"]}
    return note["asked"] == asked and known >= set(spans) and ("reason" not in note or note.get("by") == by)


def _answer(place: Path, note: dict[str, Any]) -> tuple[Fetched, int]:
    if "reason" in note:
        raise Failure(note["reason"], note["message"], note["attempts"])
    picture, sound = (place / name for name in note["files"])
    return Fetched(picture, sound, note["bytes"]), note["attempts"]


def _finish(part: Path, note: dict[str, Any]) -> None:
    """The note is written when the disk has all that it tells of."""
    for path in _files(part):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    (part / NOTE).write_text(json.dumps(note), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
