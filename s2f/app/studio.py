"""What the page does, without the page: hear a recording, draw its faces in steps that can be shown, pack them up."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from secrets import randbelow
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from s2f.app.words import DRAW_SECONDS, KEPT_MINUTES, LONGEST_SECONDS
from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.audio.speech import fit, read_speech
from s2f.audio.voice import check_voice
from s2f.pipeline import SpeechToFacePipeline
from s2f.pipeline.asking import MOST_SEED, Step
from s2f.pipeline.pixels import to_images
from s2f.pipeline.record import made_with
from s2f.runtime import InputError

SEEDS = 1_000_000  # few digits, so that one can be written down
MOST_DIGITS = 100  # of what a visitor may have counted in whole numbers
STRIP = (0.0, 1.0, 2.0, 3.0, 4.0)  # the paper's w
NAME = "the recording"


class Face(NamedTuple):
    """A picture on the page and under it what draws it again."""

    image: Image.Image
    seed: int
    guidance: float

    @property
    def caption(self) -> str:
        """As the page shows it."""
        return f"seed {self.seed}, {self.weight}"

    @property
    def weight(self) -> str:
        """As it stands in a row of one seed's faces."""
        return f"w = {self.guidance:g}"


class Asked(NamedTuple):
    """What a visitor asks for beside a voice."""

    age: float | None = None
    gender: str | None = None


NOTHING = Asked()


def hear(pipeline: SpeechToFacePipeline, path: Path) -> Tensor:
    """A recording as the encoder takes it, (1, samples).

    Raises:
        InputError: it cannot be read, is too long, or holds no voice.
    """
    if not path.is_file():
        raise InputError(f"{NAME} was deleted after {KEPT_MINUTES} minutes; drop or record it again.")
    heard = pipeline.spectrogram
    speech = read_speech(path, heard.sample_rate, LONGEST_SECONDS + 1, NAME)
    if len(speech) > LONGEST_SECONDS * heard.sample_rate:
        raise InputError(f"{NAME}: longer than {LONGEST_SECONDS // 60} minutes; cut out some seconds of one speaker.")
    first = speech[: heard.samples]
    check_voice(first, heard.sample_rate, f"{NAME}'s first {heard.clip_seconds:g} s")
    return torch.from_numpy(fit(first, heard.samples))[None]


def spectrogram_picture(pipeline: SpeechToFacePipeline, speech: Tensor) -> NDArray[np.uint8]:
    """Grey uint8 (bins, frames, 3) of speech (1, samples): compressed magnitude, low frequencies at the bottom."""
    magnitude = CompressedSpectrogram(pipeline.spectrogram)(speech)[0].norm(dim=-1).T.flip(0)  # (bins, frames)
    grey = (255 * magnitude / magnitude.max().clamp(min=1e-6)).to(torch.uint8)
    return grey[..., None].expand(-1, -1, 3).numpy()


def choose_seeds(kept: list[str], count: int) -> list[int]:
    """The kept seeds, all of them, and new ones until there are `count`.

    Raises:
        InputError: one of them is no whole number.
    """
    for one in kept:
        if not (one.isascii() and one.isdigit() and len(one) < MOST_DIGITS and int(one) <= MOST_SEED):
            raise InputError(f"seed {one[:40]!r}; allowed: whole numbers, as they stand under the faces.")
    return [*map(int, kept), *(randbelow(SEEDS) for _ in range(count - len(kept)))]


def draw(
    pipeline: SpeechToFacePipeline, speech: Tensor, seeds: list[int], guidance: list[float], asked: Asked = NOTHING
) -> Iterator[list[Face]]:
    """Faces of one voice, row i by seeds[i] at guidance[i]: first small ones, then more and more of them enlarged.

    Raises:
        InputError: what is asked for cannot be drawn, or takes longer than a visitor may take.
    """
    ends = time.monotonic() + DRAW_SECONDS

    def tell(_: Step) -> None:
        if time.monotonic() > ends:
            raise InputError(f"this took longer than {DRAW_SECONDS} s; ask for fewer faces.")

    embeddings = pipeline.encode(speech).expand(len(seeds), -1)
    small = pipeline.decode_parts(embeddings, seeds, torch.tensor(guidance), None, tell, *asked)
    side = (pipeline.image_px, pipeline.image_px)
    images = [one.resize(side, Image.Resampling.BICUBIC) for one in to_images(small)]
    yield faces_of(images, seeds, guidance)
    for rows, large in pipeline.enlarge_parts(small, embeddings, seeds, callback=tell):
        images[rows] = to_images(large)
        yield faces_of(images, seeds, guidance)


def faces_of(images: list[Image.Image], seeds: list[int], guidance: list[float]) -> list[Face]:
    """Pictures with what draws them."""
    return [Face(*one) for one in zip(images, seeds, guidance, strict=True)]


def packed(pipeline: SpeechToFacePipeline, faces: list[Face], asked: Asked = NOTHING) -> bytes:
    """A zip of the pictures and a JSON that says what they are and what made them."""
    names = [f"face_{number}_seed{face.seed}_w{face.guidance:g}.png" for number, face in enumerate(faces)]
    pictures = [
        {"file": name, "seed": face.seed, "guidance": face.guidance} for name, face in zip(names, faces, strict=True)
    ]
    about = made_with(pipeline, **asked._asdict()) | {"pictures": pictures}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, face in zip(names, faces, strict=True):
            archive.writestr(name, png(face.image))
        archive.writestr("faces.json", json.dumps(about, indent=2))
    return content.getvalue()


def png(image: Image.Image) -> bytes:
    """A picture as a file."""
    content = io.BytesIO()
    image.save(content, "png")
    return content.getvalue()
