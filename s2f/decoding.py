"""ffmpeg (the static build of imageio-ffmpeg) as a reader of files that anyone may have made.

It opens the one file it is given, and nothing that the file names: containers are read, playlists are not, whatever
the file's ending says. It is killed when its caller has read enough, and when it takes too long.
"""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ffmpeg
import imageio_ffmpeg

FULL_SCALE = 32768  # of the 16-bit samples it is asked for
PATIENCE_S = 300  # a file that takes longer is taken for broken
MOST_PIXELS = 8192 * 8192  # of a picture; a file of a kilobyte can claim to hold one of many gigabytes

# What sites serve and recorders write. Playlists (hls, concat, dash, …) could name any file of this machine.
FORMATS = "mov,matroska,mpeg,mpegvideo,mpegts,avi,flv,asf,ogg,wav,w64,mp3,aac,ac3,flac,aiff,caf,au,amr,wv"

COMMAND = ("-hide_banner", "-nostdin", "-loglevel", "error")


@dataclass(frozen=True)
class Decoder:
    """ffmpeg at work."""

    output: IO[bytes]  # what it decoded; it waits while nobody reads
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]
    late: threading.Event

    def end(self) -> int:
        """Its exit code; to be asked for at the output's end."""
        return self.process.wait()

    def words(self) -> str:
        """What it said; errors alone."""
        self.stderr.seek(0)
        late = f"no end within {PATIENCE_S} s\n" if self.late.is_set() else ""
        return late + self.stderr.read(10_000).decode(errors="replace")


def media_input(path: Path | None, **options: Any) -> Any:
    """ffmpeg-python's input of a local file, or of the content given to `decoding`."""
    # "file:" and an absolute path: a name such as -x.mp4 or a:b.wav is neither an option nor a protocol.
    source = "pipe:" if path is None else f"file:{path.absolute()}"
    safe = {"protocol_whitelist": "file,pipe", "format_whitelist": FORMATS, "max_pixels": MOST_PIXELS}
    return ffmpeg.input(source, threads=1, **safe, **options)  # one thread: other workers use the other cores


@contextmanager
def decoding(output: Any, content: bytes = b"") -> Iterator[Decoder]:
    """ffmpeg making `output` (an ffmpeg-python stream to "pipe:"); it ends with the block."""
    command = ffmpeg.compile(output, cmd=[imageio_ffmpeg.get_ffmpeg_exe(), *COMMAND])
    # Files, for what is read from and written to a pipe beside standard output could fill up, and all would wait.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(content)
        stdin.seek(0)
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(PATIENCE_S, give_up)
        watch.start()
        try:
            if process.stdout is None:
                raise ValueError("ffmpeg was started without a pipe")
            with process.stdout:
                yield Decoder(process.stdout, process, stderr, late)
        finally:
            watch.cancel()
            process.kill()
            process.wait()
