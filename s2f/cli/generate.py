"""`s2f generate`: faces from recordings, as files."""

import io
import json
import math
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s2f.cli.recordings import Recording, recordings
from s2f.params.labels import OLDEST
from s2f.params.samplers import Sampler
from s2f.runtime import BAD_INPUT, SOME_REFUSED, InputError, file_sha256, progress, replace_file, sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s2f.pipeline import Faces, SpeechToFacePipeline
    from s2f.pipeline.asking import Step

PIPELINE = Path("data/models/pipeline")  # where `dvc repro` leaves it
LAST_START = 86_400  # seconds: a day


class Gender(StrEnum):
    """As labels have it."""

    F = "f"
    M = "m"


def generate(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Sound or video files, folders of them, or - for stdin.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    guidance: Annotated[
        float | None, typer.Option(help="The paper's w: 0 is the model as trained, more exaggerates.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Faces per voice.")] = 4,
    steps: Annotated[int | None, typer.Option(min=1, help="Of the face decoder: more is finer and slower.")] = None,
    scheduler: Annotated[Sampler | None, typer.Option(help="Of the face decoder.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Dynamic thresholding: share of numbers left in range; 0 clips.")
    ] = None,
    super_resolution_steps: Annotated[int | None, typer.Option(min=1, help="Of the enlarger.")] = None,
    super_resolution_scheduler: Annotated[Sampler | None, typer.Option(help="Of the enlarger.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same faces.")] = 0,
    picture_seed: Annotated[
        list[int] | None, typer.Option(min=0, help="A face's own, from a JSON or the page, instead; may be repeated.")
    ] = None,
    start: Annotated[float, typer.Option(min=0, max=LAST_START, help="Seconds of each recording to leave out.")] = 0.0,
    grid: Annotated[bool, typer.Option("--grid", help="Also one picture of all faces of a voice.")] = False,
    output_size: Annotated[
        str | None, typer.Option(help="full, or small: as the decoder draws it, which is faster.")
    ] = None,
    age: Annotated[
        float | None,
        typer.Option(min=0, max=OLDEST, help="Years, if the decoder learnt ages (face_decoder.attributes)."),
    ] = None,
    gender: Annotated[Gender | None, typer.Option(help="Likewise.")] = None,
    pipeline: Annotated[Path, typer.Option(help="Folder of the pipeline, as `dvc repro` exports it.")] = PIPELINE,
    device: Annotated[str | None, typer.Option(help="Such as cpu or cuda:1; a GPU is taken if there is one.")] = None,
    torch_dtype: Annotated[
        str, typer.Option(help="Of the two drawing models; bfloat16 is half the memory, and faster on a GPU.")
    ] = "float32",
) -> None:
    """Draw faces for the voice in each INPUT: PNGs, and beside them what they were made with, as JSON.

    Six seconds count, the first ones or those from --start on. What is not given is as params.yaml had it when the
    pipeline was exported. Silence, noise without a voice, less than a second, and what ffmpeg cannot read are refused,
    each with a sentence; the others are drawn all the same. What is drawn is a statistical guess, never an
    identification.

    Exit codes: 0, all were drawn; 2, nothing could be; 3, some inputs were refused; 130, stopped by Ctrl-C.
    """
    from s2f.pipeline import STATEMENT, SpeechToFacePipeline
    from s2f.pipeline.placing import floating

    check_folder(out)
    asked: dict[str, Any] = {
        "guidance": guidance, "steps": steps, "scheduler": scheduler, "threshold": threshold,
        "super_resolution_steps": super_resolution_steps, "super_resolution_scheduler": super_resolution_scheduler,
        "age": age, "gender": gender and gender.value, "output_size": output_size,
        "num_images": len(picture_seed or []) or samples, "seed": picture_seed or seed,
    }  # fmt: skip
    loaded = SpeechToFacePipeline.from_pretrained(pipeline, floating(torch_dtype), device)
    with recordings(inputs) as found, progress() as bar:
        task = bar.add_task("voices", total=len(found), note="")
        refused = 0
        for number, recording in enumerate(found):
            try:
                speech = read_voice(recording, loaded, start)
            except (InputError, OSError) as error:
                refused += 1
                print(f"error: {sentence(error)}", file=sys.stderr)
                continue

            def tell(step: "Step", done: int = number) -> None:
                bar.update(task, completed=done + (step.step / step.steps + (step.stage == "enlarge")) / 2)

            faces = loaded(speech, loaded.spectrogram.sample_rate, callback=tell, **asked)
            write(faces, recording, about(loaded, asked) | {"start_seconds": start}, grid, out)
            bar.update(task, completed=number + 1)
    if refused == len(found):
        raise SystemExit(BAD_INPUT)
    drawn = (len(found) - refused) * asked["num_images"]
    typer.echo(f"{drawn} picture{'' if drawn == 1 else 's'} in {out}. {STATEMENT}")
    if refused:
        raise SystemExit(SOME_REFUSED)


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


def read_voice(recording: Recording, pipeline: "SpeechToFacePipeline", start: float) -> "NDArray[np.float32]":
    """The seconds of a recording that are heard, from `start` on: mono, at the pipeline's rate.

    Raises:
        InputError: it cannot be read, or there is no voice in it.
    """
    from s2f.audio.speech import read_speech
    from s2f.audio.voice import check_voice

    if recording.refused is not None:
        raise recording.refused
    heard = pipeline.spectrogram
    speech = read_speech(recording.path, heard.sample_rate, heard.clip_seconds, recording.said, start)
    check_voice(speech, heard.sample_rate, f"{recording.said}, {start:g} to {start + heard.clip_seconds:g} s")
    return speech


def about(pipeline: "SpeechToFacePipeline", asked: dict[str, Any]) -> dict[str, Any]:
    """What pictures were made with, as the JSON beside them has it."""
    from s2f.pipeline.asking import changed, side_of
    from s2f.pipeline.record import made_with

    drawing = pipeline.drawing
    decode = changed(drawing.decode, asked["scheduler"], asked["steps"], asked["threshold"])
    enlarge = changed(drawing.enlarge, asked["super_resolution_scheduler"], asked["super_resolution_steps"])
    side = side_of(asked["output_size"], pipeline.small_px, pipeline.image_px)
    guidance = drawing.guidance if asked["guidance"] is None else asked["guidance"]
    seed = None if isinstance(asked["seed"], list) else asked["seed"]
    return {
        "guidance": guidance, "seed": seed,
        **made_with(pipeline, decode, enlarge, side, asked["age"], asked["gender"]),
    }  # fmt: skip


def write(faces: "Faces", recording: Recording, about: dict[str, Any], grid: bool, out: Path) -> None:
    """A voice's pictures in place of those that it had, and last the JSON that names them."""
    from diffusers.utils import make_image_grid
    from PIL import Image

    out.mkdir(parents=True, exist_ok=True)
    record = out / f"{recording.name}.json"
    for old in pictures_of(record):  # an earlier call may have drawn more
        old.unlink(missing_ok=True)
    names = [f"{recording.name}_{number}.png" for number in range(len(faces.images))]
    images = dict(zip(names, faces.images, strict=True))
    if grid:
        columns = math.ceil(math.sqrt(len(names)))
        rows = math.ceil(len(names) / columns)
        nothing = Image.new("RGB", faces.images[0].size)
        filled = [*faces.images, *[nothing] * (rows * columns - len(names))]
        images[f"{recording.name}_grid.png"] = make_image_grid(filled, rows, columns)
    for name, image in images.items():
        content = io.BytesIO()
        image.save(content, "png")
        replace_file(out / name, content.getvalue())
    pictures = [{"file": name, "seed": seed} for name, seed in zip(names, faces.seeds, strict=True)]
    told = {"input": recording.said, "input_sha256": file_sha256(recording.path), **about, "pictures": pictures}
    told |= {"grid": f"{recording.name}_grid.png" if grid else None}
    replace_file(record, (json.dumps(told, indent=2) + "\n").encode())


def pictures_of(record: Path) -> list[Path]:
    """The pictures beside a JSON of ours that it names, under names that we give; of no other file any."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        named = [str(one["file"]) for one in content["pictures"]] + [str(content["grid"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    ours = re.compile(rf"{re.escape(record.stem)}_(\d+|grid)\.png")
    return [record.with_name(name) for name in named if ours.fullmatch(name)]
