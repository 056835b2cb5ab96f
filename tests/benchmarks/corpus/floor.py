"""What ffmpeg alone needs for the very frames and seconds of sound that are used, read where they lie on the disk.

One process a clip decodes both, in one thread, and throws them away: nobody who looks at the first frame and listens
to six seconds is faster with this decoder on one core. Starting the process is part of it.
"""

import os
import subprocess
import time

import imageio_ffmpeg


def decode(path, begin, frames, sound_s, fps):
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-nostdin",
        "-v",
        "error",
        "-threads",
        "1",
        "-ss",
        f"{begin}",
        "-i",
        path,
    ]
    command += ["-map", "a:0", "-t", f"{sound_s}", "-ac", "1", "-ar", "16000", "-f", "null", "-"]
    command += ["-map", "V:0", "-vf", f"fps={fps}", "-frames:v", f"{frames}", "-pix_fmt", "rgb24"]
    subprocess.run([*command, "-c:v", "rawvideo", "-f", "null", "-"], check=True)


def measure(clips, fps=5, sound_s=6.0):
    """Clips are (path, begin in seconds, frames)."""
    begun, before = time.perf_counter(), os.times()
    for path, begin, frames in clips:
        decode(path, begin, frames, sound_s, fps)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": time.perf_counter() - begun, "cpu": cpu}
