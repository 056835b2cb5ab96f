"""`s2f`: faces from a recording, and a look at the corpus, the models and the parameters.

Commands import what they need themselves, so that `s2f --help` answers at once. Exit code 2: input that cannot be used.
"""

import json
import math
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2f.runtime import BAD_INPUT, InputError, derive_seed, file_sha256, progress, sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s2f.pipeline import SpeechToFacePipeline

BATCH = 16  # pictures at a time: enough to keep cores busy, little memory

HELP = """Faces from voices: a reproducible pipeline for speech-to-face diffusion.

A speech encoder hears a face embedding in up to six seconds of speech; a diffusion model draws a small face from it;
another one enlarges it (after Kato & Hashimoto, Interspeech 2023). `dvc repro` builds the corpus, trains the three
models and writes the report; these commands use what it made.

\b
    s2f generate voice.wav --out faces        four faces for a recording
    s2f corpus status                         what became of every clip and picture
    s2f models --params params.paper.yaml     how large the paper's models are
    s2f app                                   a web page: a voice in, faces out

A face from a voice is a statistical guess, never an identification.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
corpus = typer.Typer(help="Look at the corpus.", no_args_is_help=True)
params_group = typer.Typer(help="Look at parameters.", no_args_is_help=True)
app.add_typer(corpus, name="corpus")
app.add_typer(params_group, name="params")


def main() -> None:
    """Run a command; what cannot be used, read or written is one sentence on standard error and exit code 2."""
    try:
        app()
    except (InputError, OSError) as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None


@app.command()
def generate(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Sound or video files with one speaker.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    guidance: Annotated[float, typer.Option(help="The paper's w: 0 is the model as trained, more exaggerates.")] = 1.0,
    samples: Annotated[int, typer.Option(min=1, help="Faces per voice.")] = 4,
    steps: Annotated[int, typer.Option(min=1, help="Of the face decoder.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same faces.")] = 0,
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
            for pixels in draw(pipeline, voice, seeds, guidance, steps):
                files.append(f"{name}_{len(files)}.png")
                (out / files[-1]).write_bytes(encode_png(pixels))
                bar.advance(task)
            about = {
                "statement": STATEMENT,
                "input": path.name,
                "input_sha256": file_sha256(path),
                "guidance": guidance,
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
    pipeline: "SpeechToFacePipeline", voice: "NDArray[np.float32]", seeds: list[int], guidance: float, steps: int
) -> Iterator["NDArray[np.uint8]"]:
    """Faces uint8 (S, S, 3) of one voice (samples,), one for every seed."""
    import torch

    from s2f.pipeline import to_pixels

    embedding = pipeline.encode(torch.from_numpy(voice)[None])
    for start in range(0, len(seeds), BATCH):
        part = seeds[start : start + BATCH]
        embeddings = embedding.expand(len(part), -1)
        small = pipeline.decode(embeddings, part, guidance, steps=steps)
        yield from to_pixels(pipeline.enlarge(small, embeddings, part))


def distinct_stems(paths: list[Path]) -> list[str]:
    """File names without endings, made distinct by a number: a/x.wav, b/x.mp3 → x, x-2."""
    stems: list[str] = []
    for path in paths:
        names = (path.stem if number == 1 else f"{path.stem}-{number}" for number in count(1))
        stems.append(next(name for name in names if name not in stems))
    return stems


@corpus.command()
def status(data: Annotated[Path, typer.Option(help="Folder the build stages wrote to.")] = Path("data")) -> None:
    """Print what became of every clip and picture: by status and reason, split by split."""
    from rich.console import Console

    from s2f.corpus.status import status_tables

    ledgers = sorted(folder for folder in (data / "ledger").glob("*") if folder.is_dir())
    if not ledgers:
        raise InputError(f"{data / 'ledger'}: no corpus was built here yet; `dvc repro` builds it.")
    console = Console()
    for ledger in ledgers:
        console.rule(ledger.name)
        console.print(*status_tables(ledger))


@app.command("models")
def print_models(
    params: Annotated[Path, typer.Option(help="Parameters with the three models' sections.")] = Path("params.yaml"),
) -> None:
    """Print how many parameters the three models have; builds them without their memory."""
    from rich.console import Console
    from rich.table import Column, Table

    from s2f.models.counts import count_parameters

    table = Table("model", Column("trainable parameters", justify="right"), title=str(params))
    for name, number in count_parameters(params):
        table.add_row(name, f"{number:,}")
    Console().print(table)


@app.command("app")
def serve_page(
    models: Annotated[Path, typer.Option(help="Folder with the trained models.")] = Path("data/models"),
    host: Annotated[str, typer.Option(help="127.0.0.1: this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
) -> None:
    """Serve the web page: record or drop a voice, see faces."""
    from s2f.app import serve

    serve(models, host, port)


@params_group.command()
def check(file: Annotated[Path, typer.Argument(help="Parameters, whole.")] = Path("params.yaml")) -> None:
    """Say that a params file, and what it names, can be used, or in one sentence why not."""
    from s2f.stages.check_params import check_params

    check_params(file)
    typer.echo(f"{file} fits its schema.")


if __name__ == "__main__":
    main()
