"""The answer does not leak: nothing beside voice and face follows who the speaker is.

The probe asks of every nuisance (place in the list, name, size of the file, duration, loudness, background, where the
face is) whether it follows what the voice carries. It draws what the sample draws, and spares the codec where it can.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from s2f.faces.images import decode_image
from s2f.sample import clips
from s2f.sample.clips import draw_speaker
from s2f.sample.draw import draw_picture, draw_video, plan_pictures, plan_videos
from s2f.sample.espeak import Espeak
from s2f.sample.law import Identity

HEARD = ("sex", "age", "tract", "vigour")
SPEAKERS, FILES, PORTRAITS = 144, 48, 400  # drawn; whole files, which cost three times as much; pictures
CORNER = 16  # pixels: above the shoulders, and wider than no head

Nuisance = dict[str, Sequence[float]]


def follows(values: Sequence[float], people: Sequence[Identity]) -> dict[str, float]:
    """Latents with their r, where it is beyond four standard errors: of a hundred looks none by chance (p = 0.006)."""
    latents = {name: [getattr(one, name) for one in people] for name in HEARD[1:]} | {
        "sex": [one.sex == "m" for one in people]
    }
    r = {name: float(np.corrcoef(values, latent)[0, 1]) for name, latent in latents.items()}
    return {name: value for name, value in r.items() if abs(value) >= 4 / np.sqrt(len(people))}


def leaks(nuisance: Nuisance, people: Sequence[Identity]) -> dict[str, dict[str, float]]:
    """Nuisances that tell something of the people, with what they tell."""
    return {name: told for name, values in nuisance.items() if (told := follows(values, people))}


def name_hash(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def background(frame: np.ndarray) -> dict[str, float]:
    """Mean colour of the upper corners."""
    left, right = frame[:CORNER, :CORNER], frame[:CORNER, -CORNER:]
    colour = np.concatenate([left, right]).mean((0, 1))
    return dict(zip(("red", "green", "blue"), colour, strict=True)) | {"left minus right": left.mean() - right.mean()}


def columns(rows: Sequence[dict[str, float]]) -> Nuisance:
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.fixture(scope="module")
def spoken() -> tuple[Nuisance, list[Identity]]:
    """What is heard and seen beside the speaker, of videos with one clip; frames and sound before the codec."""
    videos = [video for video in plan_videos() if video.identity and video.clips == 1][:SPEAKERS]
    rows, espeak = [], Espeak()

    def look(_: Path, frames: np.ndarray, sound: np.ndarray) -> None:
        rows.append(
            {"loudness": float(np.log(np.square(sound).mean())), "peak": float(np.abs(sound).max())}
            | {"seconds": len(frames), **background(frames[0])}
        )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clips, "write_mp4", look)
        for video in videos:
            (clip,) = draw_speaker(video.identity, 1, Path(), np.random.default_rng(video.seed), espeak)
            rows[-1] |= {"clip": clip.end - clip.start, "starts": clip.start, "x": clip.x, "y": clip.y}
    return columns(rows), [video.identity for video in videos]


def test_places_and_names_tell_nothing() -> None:
    for plan in (plan_videos(), plan_pictures()):
        items = [item for item in plan if item.identity]
        nuisance = {"place": range(len(items)), "name": [name_hash(item.name) for item in items]}
        assert leaks(nuisance, [item.identity for item in items]) == {}


def test_loudness_duration_background_and_position_tell_nothing(spoken: tuple[Nuisance, list[Identity]]) -> None:
    nuisance, people = spoken
    assert len(people) == SPEAKERS
    assert all(np.std(values) > 0 for values in nuisance.values())
    assert leaks(nuisance, people) == {}


def test_sizes_of_videos_tell_nothing(tmp_path: Path) -> None:
    videos = [video for video in plan_videos() if video.identity and video.clips == 1][:FILES]
    rows = []
    for video in videos:
        ((start, end, _, _),) = draw_video(video, tmp_path)
        size = (tmp_path / f"{video.name}.mp4").stat().st_size
        rows.append({"size": np.log(size), "size a second": np.log(size / (end - start))})
    assert leaks(columns(rows), [video.identity for video in videos]) == {}


def test_sizes_and_backgrounds_of_portraits_tell_nothing(tmp_path: Path) -> None:
    pictures = [picture for picture in plan_pictures() if picture.identity][:PORTRAITS]
    rows = []
    for picture in pictures:
        draw_picture(picture, tmp_path)
        content = (tmp_path / picture.name).read_bytes()
        rows.append({"size": np.log(len(content)), **background(decode_image(content))})
    assert leaks(columns(rows), [picture.identity for picture in pictures]) == {}


@pytest.mark.parametrize("latent", HEARD)
def test_the_probe_finds_a_planted_leak(spoken: tuple[Nuisance, list[Identity]], latent: str) -> None:
    nuisance, people = spoken
    told = np.array([float(one.sex == "m") if latent == "sex" else getattr(one, latent) for one in people])
    for name, values in nuisance.items():  # each moved by the latent, by less than it varies anyway
        planted = np.array(values) + 0.75 * np.std(values) * (told - told.mean()) / told.std()
        assert latent in leaks({name: planted}, people)[name], name
