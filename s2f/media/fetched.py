"""A video that is here, with all that its clips need of it."""

from dataclasses import dataclass
from pathlib import Path

from s2f.media.clip import Section

Span = tuple[float, float]  # start and end of a clip, in seconds of its video


@dataclass(frozen=True)
class Fetched:
    """In one file, or in one of pictures and one of sound."""

    picture: Path
    sound: Path
    fetched_bytes: int = 0  # of what it holds, by the network
    whole: bool = False  # else it holds no more than its clips need

    def stamp(self) -> tuple[tuple[int, ...], ...] | None:
        """Which files these are as they are now, for another build may put its own there; None where one is gone."""
        try:
            found = [path.stat() for path in (self.picture, self.sound)]
        except FileNotFoundError:
            return None
        return tuple((one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in found)

    def section(self, start_s: float, end_s: float) -> Section:
        """A clip of it, one of those that it was fetched for."""
        return Section(self.picture, start_s, end_s, self.sound)
