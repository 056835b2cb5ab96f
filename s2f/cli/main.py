"""`s2f`: faces from a recording, and a look at the corpus, the models and the parameters.

Commands import what they need themselves, so that `s2f --help` answers at once. Exit code 2: input that cannot be used.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from s2f.cli.compare import compare
from s2f.cli.corpus import corpus
from s2f.cli.cost import cost
from s2f.cli.evaluate import evaluate
from s2f.cli.generate import PIPELINE, generate
from s2f.runtime import BAD_INPUT, InputError, sentence

HELP = """Faces from voices: a reproducible pipeline for speech-to-face diffusion.

A speech encoder hears a face embedding in up to six seconds of speech; a diffusion model draws a small face from it;
another one enlarges it (after Kato & Hashimoto, Interspeech 2023). `dvc repro` builds the corpus, trains the three
models and writes the report; these commands use what it made.

\b
    s2f generate voice.wav --out faces        four faces for a recording
    s2f evaluate --truth A --generated B      judge faces that any system made, against true ones
    s2f corpus status                         what became of every clip and picture
    s2f models --params params.paper.yaml     how large the paper's models are
    s2f cost --params params.paper.yaml       what training them takes
    s2f compare HEAD                          whether this run is better than the last commit's
    s2f app                                   a web page: a voice in, faces out

A face from a voice is a statistical guess, never an identification.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
params_group = typer.Typer(help="Look at parameters.", no_args_is_help=True)
app.add_typer(corpus, name="corpus")
app.add_typer(params_group, name="params")
app.command()(generate)
app.command()(evaluate)
app.command()(cost)
app.command()(compare)


def main() -> None:
    """Run a command; what cannot be used, read or written is one sentence on standard error and exit code 2."""
    try:
        app()
    except (InputError, OSError) as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None


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
    pipeline: Annotated[Path, typer.Option(help="Folder of the pipeline, as `dvc repro` exports it.")] = PIPELINE,
    host: Annotated[str, typer.Option(help="127.0.0.1: this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    ssl_certfile: Annotated[Path | None, typer.Option(help="With a key: https, for other machines.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="The certificate's.")] = None,
    speech_faces: Annotated[Path, typer.Option(help="Corpus whose test voices are examples, if it is there.")] = Path(
        "data/speech_faces"
    ),
) -> None:
    """Serve the web page: record or drop a voice, see faces.

    With S2F_PASSWORD in the environment the page asks for the name s2f and that password; without one it is served to
    this machine alone. Other machines' browsers lend it their microphone over https only. Recordings are deleted after
    a quarter of an hour, and with the server; what one that was killed has left, by the next.
    """
    from s2f.app.serving import Door, serve

    door = Door(host, port, os.environ.get("S2F_PASSWORD"), ssl_certfile, ssl_keyfile)
    serve(pipeline, speech_faces, door)


@params_group.command()
def check(file: Annotated[Path, typer.Argument(help="Parameters, whole.")] = Path("params.yaml")) -> None:
    """Say that a params file, and what it names, can be used, or in one sentence why not."""
    from s2f.stages.check_params import check_params

    check_params(file)
    typer.echo(f"{file} fits its schema.")


if __name__ == "__main__":
    main()
