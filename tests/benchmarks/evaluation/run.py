"""A run of many voices as generate_faces leaves it, of a few drawn portraits that are dealt out again and again."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from s2f.dataset.schemas import GENERATED, HEARD, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_name, write_shard
from s2f.faces.images import encode_jpeg, encode_png
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene

PORTRAITS, PX, SHARD = 400, 128, 200
WEIGHTS = (0.0, 1.0, 2.0, 3.0, 4.0)


def write(folder: Path, voices: int) -> None:
    """speech_faces/test, generated/faces and generated/heard below `folder`, one face for each voice and w."""
    rng = np.random.default_rng(0)
    drawn = [portrait(rng) for _ in range(PORTRAITS)]
    faces = [{"bytes": encode_jpeg(one), "path": None} for one in drawn]
    pictures = [{"bytes": encode_png(one), "path": None} for one in drawn]
    spectrogram = np.zeros(SPECTROGRAM_SHAPE, np.float16)
    embedding = rng.normal(size=(voices, 512)).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)

    def clips() -> Iterator[dict[str, Any]]:
        empty = {field.name: None for field in SPEECH_FACES}
        for voice in range(voices):
            about = {"clip_id": name(voice), "youtube_id": name(voice), "embedding": embedding[voice]}
            yield empty | about | {"face": faces[voice % PORTRAITS], "spectrogram": spectrogram}

    def generated() -> Iterator[dict[str, Any]]:
        for voice in range(voices):
            for place, w in enumerate(WEIGHTS):
                picture = pictures[(7 * voice + place) % PORTRAITS]
                about = {"clip_id": name(voice), "guidance": w, "sample": 0, "seed": 0}
                yield about | {"small": picture, "face": picture}

    heard = ({"clip_id": name(voice), "embedding": embedding[voice]} for voice in range(voices))
    for place, rows, schema in (
        ("speech_faces/test", clips(), SPEECH_FACES),
        ("generated/faces", generated(), GENERATED),
        ("generated/heard", heard, HEARD),
    ):
        number = 0
        while shard := list(islice(rows, SHARD)):
            write_shard(shard, schema, folder / place / shard_name(number))
            number += 1


def name(voice: int) -> str:
    """A voice's id."""
    return f"v{voice:06d}"


def portrait(rng: np.random.Generator) -> np.ndarray:
    """uint8 (PX, PX, 3), at the scale and place of the sample's faces."""
    pose = Pose((PX / 2, 0.47 * PX), 0.42 * PX)
    return draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), PX, PX, pose)
