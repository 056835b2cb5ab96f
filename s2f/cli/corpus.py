"""`s2f corpus`: what a build will take, what became of every item, and what to do about it.

Everything that is asked is a DuckDB query over Parquet (`s2f/corpus/queries.py`); --sql prints it to be copied.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from s2f.runtime import InputError

HELP = """What became of every clip and picture, and what to do about it.

\b
    s2f corpus status                         how many were kept, and why not the others
    s2f corpus retry --class transient        try again what a dead network lost, and nothing else
    s2f corpus verify                         every shard against the manifest, every row against the ledger
"""
BUILDS = {"speech_faces": "flows.speech_faces", "portraits": "flows.portraits"}

corpus = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

Data = Annotated[Path, typer.Option(help="Folder the build stages wrote to.")]
Params = Annotated[Path, typer.Option(help="Parameters that the corpus is built by.")]
Only = Annotated[str | None, typer.Option("--dataset", help="speech_faces or portraits; both where left out.")]
DATA, PARAMS = Path("data"), Path("params.yaml")


@corpus.command()
def status(
    data: Data = DATA,
    sql: Annotated[bool, typer.Option("--sql", help="Print the queries instead, to be run by DuckDB.")] = False,
) -> None:
    """Print what became of every clip and picture: by status and reason, split by split, day by day."""
    from rich.console import Console

    from s2f.corpus.status import status_sql, status_tables

    console = Console()
    for name in built(data, None):
        if sql:
            print(status_sql(data / "ledger" / name), end="\n\n")
            continue
        console.rule(name)
        console.print(*status_tables(data / "ledger" / name))


@corpus.command()
def retry(
    kind: Annotated[list[str] | None, typer.Option("--class", help="transient or blocked; may be repeated.")] = None,
    reason: Annotated[list[str] | None, typer.Option(help="network, forbidden, …; may be repeated.")] = None,
    dataset: Only = None,
    data: Data = DATA,
    params: Params = PARAMS,
    later: Annotated[bool, typer.Option("--later", help="Only mark them; the next build tries them.")] = False,
) -> None:
    """Try again the items that ended in a class or for a reason, and no others; only their shards are written anew."""
    from s2f.corpus.lock import only_builder
    from s2f.corpus.retrying import open_again

    if not kind and not reason:
        raise InputError("retry: nothing to try again was named; allowed: --class transient, --reason network, …")
    for name in built(data, dataset):
        with only_builder(data / "ledger" / name):
            counts = open_again(data / name, data / "ledger" / name, kind or (), reason or ())
        words = ", ".join(f"{count} {why}" for why, count in sorted(counts.items()))
        typer.echo(f"{name}: {words or 'nothing'} to try again.")
        if counts and not later:
            _build(name, data, params)
    typer.echo("`dvc repro` goes on from what there is now.")


@corpus.command()
def verify(dataset: Only = None, data: Data = DATA) -> None:
    """Compare every shard with the manifest and every row with the ledger; exit code 1 if anything is wrong."""
    from s2f.corpus.verifying import verify as verify_corpus

    wrong = 0
    for name in built(data, dataset):
        found = 0
        for sentence in verify_corpus(data / name, data / "ledger" / name):
            found += 1
            typer.echo(sentence)
        typer.echo(f"{name}: {'all as built' if not found else 'not as built; `dvc repro` builds it again'}.")
        wrong += found
    raise typer.Exit(1 if wrong else 0)


def built(data: Path, dataset: str | None) -> Iterator[str]:
    """Names of the corpora that were built, or begun, in a folder.

    Raises:
        InputError: there is none, or not the one asked for.
    """
    if dataset not in (None, *BUILDS):
        raise InputError(f"--dataset {dataset}: there is none such; allowed: {', '.join(BUILDS)}.")
    names = [name for name in BUILDS if dataset in (None, name) and (data / "ledger" / name).is_dir()]
    if not names:
        raise InputError(f"{data / 'ledger' / (dataset or '')}: no corpus was built here yet; `dvc repro` builds it.")
    yield from names


def _build(name: str, data: Path, params: Path) -> None:
    """Run the build as dvc.yaml does; its own exit code where it fails."""
    command = [sys.executable, "-m", BUILDS[name], "--out", f"{data / name}", "--ledger", f"{data / 'ledger' / name}"]
    done = subprocess.run([*command, "--params", f"{params}"])
    if done.returncode:
        raise typer.Exit(done.returncode)
