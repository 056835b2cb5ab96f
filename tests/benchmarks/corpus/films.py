"""The films that all contestants read: the sample's people talking, 640×480, 25 frames a second, a camera's noise.

H.264 and AAC with a key frame every two seconds, as sites send them; without those the peer could not cut at all unless
it encodes anew. One clip of a film is listed, without the face's place.
"""

import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from scipy.io import wavfile

from s2f.sample.clips import FPS, HEIGHT, WIDTH, film, mouth_loudness, place
from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import draw_identity, look_of, voice_of
from s2f.sample.scene import draw_scene
from s2f.sample.voice import record, speak

SECONDS = 10.0
BEGIN, END = 1.0, 7.5  # of the clip in each
CAMERA = "scale=640:480,fps=25,noise=alls=6:allf=t"


def draw_films(folder: Path, count: int) -> None:
    """`count` different films, v000.mp4 …, and their list, `clips.csv`."""
    folder.mkdir(parents=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(draw_film, folder), range(count), chunksize=8))
    (folder / "clips.csv").write_text("".join(f"v{seed:03d},{BEGIN},{END},,\n" for seed in range(count)))


def draw_film(folder: Path, seed: int) -> None:
    """One person's, by a seed."""
    rng = np.random.default_rng(seed)
    person, scene, pose = draw_identity(rng), draw_scene(rng), place(rng)
    sound = record(speak(voice_of(person), SECONDS, rng, Espeak()), rng)
    frames = film([look_of(person)], [pose], scene, mouth_loudness(sound))
    wave = folder / f"v{seed:03d}.wav"
    wavfile.write(wave, SAMPLE_RATE, np.round(sound * 32767).astype(np.int16))
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", f"{FPS}", "-i", "pipe:"]
    video = ["-vf", CAMERA, "-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-g", "50", "-pix_fmt", "yuv420p"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *raw, "-i", wave, *video, "-threads", "1"]
    command += ["-c:a", "aac", "-b:a", "64k", wave.with_suffix(".mp4")]
    subprocess.run(command, input=frames.tobytes(), check=True)
    wave.unlink()
