"""Many videos in a row without a format: more likely this machine's yt-dlp cannot find one than that they have none.

A site changes its pages, a runtime is gone: from then on every video would end for good as one that has no format. So
a build ends on a row of them, with nothing written of those that ended it. It may be true all the same: whoever asks
again takes these as they are.
"""

import json
import threading
from pathlib import Path

from s2f.runtime import TryAgainLater, replace_file

FILE = "no_format.json"  # ids of videos that a build ended on
MANY = 25  # in a row, in one process: of those that were there, and not one had a format


class Formats:
    """Told of every video that was there, whether a format of it could be used."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._row: list[str] = []  # different videos without one, since the last that had one
        self._lock = threading.Lock()

    def found(self) -> None:
        """Of some video."""
        with self._lock:
            self._row = []

    def lacking(self, video: str, why: str) -> None:
        """A video has none; no news where a build ended on it before.

        Raises:
            TryAgainLater: so many had none that it is not they.
        """
        with self._lock:
            known = self._known()
            if video in known:
                return
            if video not in self._row:
                self._row.append(video)
            if len(self._row) < MANY:
                return
            replace_file(self.path, json.dumps(list(dict.fromkeys([*known, *self._row]))).encode())
        raise TryAgainLater(
            f"{MANY} videos in a row have no format that can be used (the last of them: {why}): it is more likely this "
            "machine's fault than theirs. Update yt-dlp (pip install -U 'yt-dlp[default,deno]') and run the same "
            "command again: it goes on from here, and takes these videos as they are if nothing has changed. "
            "Those that were written already are tried again by `s2f corpus retry --reason no_format`."
        )

    def _known(self) -> list[str]:
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [one for one in known if isinstance(one, str)] if isinstance(known, list) else []


def formats_of(folder: Path) -> Formats:
    """This process's, for builds into a folder."""
    with _first:
        return _all.setdefault(folder, Formats(folder))


_first = threading.Lock()
_all: dict[Path, Formats] = {}
