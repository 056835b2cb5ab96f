"""Draw the embedded sample: speakers' videos and their clip list, portraits of other people, and the true latents.

    python -m s2f.sample.draw --out data/sample

The same code draws the same bytes. Names are random, lists are sorted by name: neither tells anything.
"""

import base64
import csv
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from s2f.runtime import derive_seed, progress, run_command
from s2f.sample import law
from s2f.sample.bad import BAD_CLIPS, BAD_CLIPS_EACH, BAD_PICTURES, BAD_PICTURES_EACH, draw_bad_clip, draw_bad_picture
from s2f.sample.clips import draw_speaker
from s2f.sample.espeak import Espeak
from s2f.sample.law import Identity, draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_pose, draw_scene

PORTRAIT_PX = 192
WORKERS = 2


@dataclass(frozen=True)
class Video:
    """A video to draw: of a speaker, or bad."""

    name: str  # as YouTube's: eleven characters of base64
    kind: str  # "speaker" or a key of BAD_CLIPS
    seed: int
    person: str | None = None
    identity: Identity | None = None
    clips: int = 1


@dataclass(frozen=True)
class Picture:
    """A portrait to draw: of a person, or bad."""

    name: str
    kind: str  # "portrait" or a key of BAD_PICTURES
    seed: int
    identity: Identity | None = None


def main(out: Path) -> None:
    """Draw everything into `out`."""
    videos, pictures = plan_videos(), plan_pictures()
    (out / "speech" / "videos").mkdir(parents=True, exist_ok=True)
    (out / "portraits").mkdir(parents=True, exist_ok=True)
    spawn = multiprocessing.get_context("spawn")  # a forked copy would share the progress bar's thread and locks
    with ProcessPoolExecutor(WORKERS, mp_context=spawn) as pool, progress() as bar:
        task = bar.add_task("drawing the sample", total=len(videos) + len(pictures), note="")

        def each(draw: Callable, items: list, *where: Path) -> Iterator:
            folders = [[folder] * len(items) for folder in where]
            for item, result in zip(items, pool.map(draw, items, *folders, chunksize=8), strict=True):
                bar.advance(task)
                yield item, result

        rows = list(each(draw_video, videos, out / "speech" / "videos"))
        for _ in each(draw_picture, pictures, out / "portraits"):
            pass
    write_lists(out, rows, pictures)


def plan_videos() -> list[Video]:
    """All videos, sorted by their random names."""
    names = _names(law.SPEAKERS + law.SPEAKERS_WITH_TWO_VIDEOS + BAD_CLIPS_EACH * len(BAD_CLIPS))
    people = [draw_identity(_rng("speaker", index)) for index in range(law.SPEAKERS)]
    videos = []
    for index in range(law.SPEAKERS + law.SPEAKERS_WITH_TWO_VIDEOS):
        who = index % law.SPEAKERS
        clips = (
            2
            if law.SPEAKERS_WITH_TWO_VIDEOS <= index < law.SPEAKERS_WITH_TWO_VIDEOS + law.SPEAKERS_WITH_TWO_CLIPS
            else 1
        )
        seed = derive_seed(law.SEED, "video", index)
        videos.append(Video(next(names), "speaker", seed, f"p{who:03d}", people[who], clips))
    for kind in BAD_CLIPS:
        for index in range(BAD_CLIPS_EACH):
            videos.append(Video(next(names), kind, derive_seed(law.SEED, "bad video", kind, index)))
    return sorted(videos, key=lambda video: video.name)


def plan_pictures() -> list[Picture]:
    """All portraits, sorted by their random names."""
    count = law.PORTRAITS + BAD_PICTURES_EACH * len(BAD_PICTURES)
    numbers = iter(_rng("picture names").permutation(100_000)[:count])
    pictures = []
    for index in range(law.PORTRAITS):
        seed, person = derive_seed(law.SEED, "picture", index), draw_identity(_rng("portrait", index))
        pictures.append(Picture(f"{next(numbers):05d}.jpg", "portrait", seed, person))
    for kind in BAD_PICTURES:
        for index in range(BAD_PICTURES_EACH):
            seed = derive_seed(law.SEED, "bad picture", kind, index)
            pictures.append(Picture(f"{next(numbers):05d}.jpg", kind, seed))
    return sorted(pictures, key=lambda picture: picture.name)


def draw_video(video: Video, folder: Path) -> list[tuple[float, float, float, float]]:
    """Write the video; its rows' start, end, x, y."""
    rng, path = np.random.default_rng(video.seed), folder / f"{video.name}.mp4"
    if video.identity is None:
        clips = draw_bad_clip(video.kind, path, rng, _espeak())
    else:
        clips = draw_speaker(video.identity, video.clips, path, rng, _espeak())
    return [(clip.start, clip.end, clip.x, clip.y) for clip in clips]


def draw_picture(picture: Picture, folder: Path) -> None:
    """Write the portrait as JPEG."""
    rng = np.random.default_rng(picture.seed)
    if picture.identity is None:
        pixels = draw_bad_picture(picture.kind, PORTRAIT_PX, rng)
    else:
        scene, pose = draw_scene(rng), draw_pose(rng, PORTRAIT_PX, PORTRAIT_PX, (0.38, 0.46), 0.03)
        mouth = max(0.0, float(rng.uniform(-1, 0.8)))
        pixels = draw_portrait(look_of(picture.identity), scene, PORTRAIT_PX, PORTRAIT_PX, pose, mouth)
    (folder / picture.name).write_bytes(rng.bytes(9000) if pixels is None else _jpeg(pixels))


def write_lists(out: Path, rows: list[tuple[Video, list]], pictures: list[Picture]) -> None:
    """clips.csv and both labels.csv as anyone would find them, law.parquet as only the sample can have it."""
    clips, labels, truth = [], [], []
    for video, found in rows:
        for start, end, x, y in found:
            clips.append((video.name, f"{start:.6f}", f"{end:.6f}", f"{x:.6f}", f"{y:.6f}"))
            latents = asdict(video.identity) if video.identity else {}
            truth.append({"corpus": "speech", "id": video.name, "start": start, "kind": video.kind, **latents})
            if video.identity:
                person = video.identity
                labels.append((video.name, f"{start:.6f}", round(person.age), person.sex, video.person))
    for picture in pictures:
        latents = asdict(picture.identity) if picture.identity else {}
        truth.append({"corpus": "portraits", "id": picture.name, "start": None, "kind": picture.kind, **latents})
    known = [(p.name, round(p.identity.age), p.identity.sex) for p in pictures if p.identity]
    _write_csv(out / "speech" / "clips.csv", clips)
    _write_csv(out / "speech" / "labels.csv", [("youtube_id", "start", "age", "gender", "person"), *labels])
    _write_csv(out / "portraits" / "labels.csv", [("path", "age", "gender"), *known])
    columns = ("corpus", "id", "start", "kind", *law.LATENTS)
    pq.write_table(pa.table({name: [row.get(name) for row in truth] for name in columns}), out / "law.parquet")


def _write_csv(path: Path, rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _jpeg(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _names(count: int) -> Iterator[str]:
    """Names such as YouTube gives; the first few begin with the dash that trips command lines."""
    rng = _rng("video names")
    names = [base64.urlsafe_b64encode(rng.bytes(9))[:11].decode() for _ in range(count)]
    return iter(["-" + name[1:] if index % 60 == 0 else name for index, name in enumerate(names)])


def _rng(*names: object) -> np.random.Generator:
    return np.random.default_rng(derive_seed(law.SEED, *names))


@lru_cache(maxsize=1)
def _espeak() -> Espeak:
    return Espeak()


if __name__ == "__main__":
    run_command(main)
