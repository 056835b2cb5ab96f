"""`s2f generate`: faces from recordings, as files."""

import json
import math
import os
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2f.params.labels import OLDEST
from s2f.runtime import InputError, derive_seed, file_sha256, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s2f.pipeline import SpeechToFacePipeline

BATCH = 16  # pictures at a time: enough to keep cores busy, little memory


class Gender(StrEnum):
    """As labels have it."""

    F = "f"
    M = "m"


def generate(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Sound or video files with one speaker.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    guidance: Annotated[float, typer.Option(help="The paper's w: 0 is the model as trained, more exaggerates.")] = 1.0,
    samples: Annotated[int, typer.Option(min=1, help="Faces per voice.")] = 4,
    steps: Annotated[int, typer.Option(min=1, help="Of the face decoder.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same faces.")] = 0,
    age: Annotated[
        float | None,
        typer.Option(min=0, max=OLDEST, help="Years, if the decoder learnt ages (face_decoder.attributes)."),
    ] = None,
    gender: Annotated[Gender | None, typer.Option(help="Likewise.")] = None,
    models: Annotated[Path, typer.Option(help="Folder with the trained models.")] = Path("data/models"),
) -> None:
    """Draw faces for the voice in each INPUT: PNGs, and beside them what they were made with, as JSON.

    The first six seconds count. Silence, less than a second and files without sound are refused. What is drawn is a
    statistical guess, never an identification.
    """
    from s2f.audio.speech import fit, read_speech
    from s2f.diffusion.sampling import choose_timesteps
    from s2f.faces.images import encode_png
    from s2f.pipeline import (
        SAMPLER,
        STATEMENT,
        SUPER_RESOLUTION_NOISE,
        SUPER_RESOLUTION_SAMPLER,
        SUPER_RESOLUTION_STEPS,
        SpeechToFacePipeline,
        check_voice,
    )

    if not math.isfinite(guidance):
        raise InputError(f"--guidance {guidance} is not a finite number; the paper draws with 0 to 4.")
    check_folder(out)
    pipeline = SpeechToFacePipeline.from_models(models)
    choose_timesteps(pipeline.schedule, steps, pipeline.decoder.config.prediction)
    pipeline.known(age, gender and gender.value)
    heard = pipeline.spectrogram
    voices = []
    for path in inputs:  # all are read before the first is drawn: a bad file costs no waiting
        speech = read_speech(path, heard.sample_rate, heard.clip_seconds)
        check_voice(speech, heard.sample_rate, str(path))
        voices.append(fit(speech, heard.samples))
    out.mkdir(parents=True, exist_ok=True)
    seeds = [derive_seed(seed, "face", number) for number in range(samples)]
    with progress() as bar:
        task = bar.add_task("pictures", total=len(inputs) * samples, note="")
        for path, name, voice in zip(inputs, distinct_stems(inputs), voices, strict=True):
            files: list[str] = []
            for pixels in draw(pipeline, voice, seeds, guidance, steps, age, gender and gender.value):
                files.append(f"{name}_{len(files)}.png")
                (out / files[-1]).write_bytes(encode_png(pixels))
                bar.advance(task)
            about = {
                "statement": STATEMENT,
                "input": path.name,
                "input_sha256": file_sha256(path),
                "guidance": guidance,
                "age": age,
                "gender": gender and gender.value,
                "sampler": SAMPLER,
                "steps": steps,
                "super_resolution_sampler": SUPER_RESOLUTION_SAMPLER,
                "super_resolution_steps": SUPER_RESOLUTION_STEPS,
                "super_resolution_noise": SUPER_RESOLUTION_NOISE,
                "seed": seed,
                "pictures": [{"file": file, "seed": own} for file, own in zip(files, seeds, strict=True)],
                "models": pipeline.weights,
                "s2f": version("s2f"),
            }
            (out / f"{name}.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"{len(inputs) * samples} pictures in {out}. {STATEMENT}")


def check_folder(out: Path) -> None:
    """Refuse, before anything is drawn, a folder for pictures that cannot be one; it need not be there yet.

    Raises:
        InputError: it is a file, or nothing can be written there.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"--out {out}: {there} is a file; allowed: a folder, there or not.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"--out {out}: nothing can be written to {there}; allowed: a folder of your own.")


def draw(
    pipeline: "SpeechToFacePipeline",
    voice: "NDArray[np.float32]",
    seeds: list[int],
    guidance: float,
    steps: int,
    age: float | None,
    gender: str | None,
) -> Iterator["NDArray[np.uint8]"]:
    """Faces uint8 (S, S, 3) of one voice (samples,), one for every seed."""
    import torch

    from s2f.pipeline import to_pixels

    embedding = pipeline.encode(torch.from_numpy(voice)[None])
    for start in range(0, len(seeds), BATCH):
        part = seeds[start : start + BATCH]
        embeddings = embedding.expand(len(part), -1)
        small = pipeline.decode(embeddings, part, guidance, steps=steps, age=age, gender=gender)
        yield from to_pixels(pipeline.enlarge(small, embeddings, part))


def distinct_stems(paths: list[Path]) -> list[str]:
    """File names without endings, made distinct by a number: a/x.wav, b/x.mp3 → x, x-2."""
    stems: list[str] = []
    for path in paths:
        names = (path.stem if number == 1 else f"{path.stem}-{number}" for number in count(1))
        stems.append(next(name for name in names if name not in stems))
    return stems
