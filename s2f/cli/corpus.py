"""`s2f corpus`: what a build will take, what became of every item, and what to do about it.

Everything that is asked is a DuckDB query over Parquet (`s2f/corpus/queries.py`); --sql prints it to be copied.
"""

import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2f.runtime import InputError

if TYPE_CHECKING:
    from s2f.corpus.portraits import Portraits
    from s2f.corpus.speech_faces import SpeechFaces

HELP = """What became of every clip and picture, and what to do about it.

\b
    s2f corpus plan                           what a build will take, before anything is fetched
    s2f corpus status                         how many were kept, and why not the others
    s2f corpus retry --class transient        try again what a dead network lost, and nothing else
    s2f corpus remove --ids takedowns.txt     take people out who ask for it, for good
    s2f corpus verify                         every shard against the manifest, every row against the ledger
"""
BUILDS = {"speech_faces": "flows.speech_faces", "portraits": "flows.portraits"}

corpus = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

Data = Annotated[Path, typer.Option(help="Folder the build stages wrote to.")]
Params = Annotated[Path, typer.Option(help="Parameters that the corpus is built by.")]
Only = Annotated[str | None, typer.Option("--dataset", help="speech_faces or portraits; both where left out.")]
IDS = (
    "File with an id a line: of a clip, a video (all its clips) or a picture. A line that begins with '# ', the space "
    "included, is a comment; an id that begins so, or with a space, stands in double quotes, as in JSON."
)
Sql = Annotated[bool, typer.Option("--sql", help="Print the query instead, to be run by DuckDB; nothing is changed.")]
DATA, PARAMS = Path("data"), Path("params.yaml")


@corpus.command()
def plan(
    dataset: Only = None,
    data: Data = DATA,
    params: Params = PARAMS,
    sql: Annotated[bool, typer.Option("--sql", help="Print the query, too, to be run by DuckDB.")] = False,
) -> None:
    """Print what a build will take: videos, hours, room on the disk, days at the rate limit. Nothing is fetched."""
    from rich.console import Console

    from s2f.corpus.outlook import OUTLOOK, outlook, outlook_view, write_plan
    from s2f.corpus.status import table_of
    from s2f.corpus.taking import what_it_takes

    console, failed = Console(), False
    for name in chosen(dataset):
        path = data / "plan" / f"{name}.parquet"
        console.rule(name)
        try:
            write_plan(recipe_of(name, params), data / "ledger" / name, path)
        except InputError as error:  # pictures may be there before the clip list is, and the other way round
            failed = True
            typer.echo(f"error: {error}", err=True)
            continue
        rows = outlook(path)
        console.print(table_of("Planned", rows))
        for line in what_it_takes(name, params, data / name, rows[-1]):
            console.print(line, highlight=False, markup=False)
        if sql:
            print(f"{outlook_view(path)}{OUTLOOK}")
    if failed:
        raise typer.Exit(2)


@corpus.command()
def status(dataset: Only = None, data: Data = DATA, sql: Sql = False) -> None:
    """Print what became of every clip and picture: by status and reason, split by split, day by day."""
    from rich.console import Console

    from s2f.corpus.queries import STATUS, script
    from s2f.corpus.status import status_tables

    console = Console()
    for name in built(data, dataset):
        if sql:
            print(script(STATUS, data / "ledger" / name), end="\n\n")
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
    sql: Sql = False,
) -> None:
    """Try again the items that ended in a class or for a reason, and no others; only their shards are written anew."""
    from s2f.corpus.cliplist import video_of
    from s2f.corpus.lock import only_builder
    from s2f.corpus.manifest import FILE as MANIFEST
    from s2f.corpus.manifest import was_finished
    from s2f.corpus.queries import RETRY, script
    from s2f.corpus.retrying import check_names, open_again

    if not kind and not reason:
        raise InputError("retry: nothing to try again was named; allowed: --class transient, --reason network, …")
    classes, reasons = kind or [], reason or []
    check_names(classes, reasons)
    for name in built(data, dataset):
        out, ledger = data / name, data / "ledger" / name
        if sql:
            print(script({"To try again": RETRY}, ledger, classes=classes, reasons=reasons), end="\n\n")
            continue
        recipe = recipe_of(name, params)

        def forget(ids: Collection[str], recipe: "SpeechFaces | Portraits" = recipe, out: Path = out) -> None:
            recipe.forget(out, {video_of(one) for one in ids})

        def planned(recipe: "SpeechFaces | Portraits" = recipe) -> set[str]:
            return {item.what.id for _, item in recipe.items() if not item.removed}

        with only_builder(ledger):
            finished = was_finished(out, ledger)
            counts = open_again(out, ledger, classes, reasons, forget, planned)
        words = ", ".join(f"{count} {why}" for why, count in sorted(counts.items()))
        typer.echo(f"{name}: {words or 'nothing'} to try again.")
        if finished and not later and not (out / MANIFEST).is_file():
            _build(name, data, params)
    if not sql:
        typer.echo("`dvc repro` goes on from what there is now.")


@corpus.command()
def remove(
    ids: Annotated[Path, typer.Option(help=IDS)],
    dataset: Only = None,
    data: Data = DATA,
    params: Params = PARAMS,
    sql: Sql = False,
) -> None:
    """Take people out who ask for it: their rows and fetched videos are deleted now, and no later build has them.

    The ledger keeps their ids as removed_on_request. What is elsewhere is yours to delete: pictures and recordings in
    the source; with `dvc repro`, then `dvc gc --workspace`, what was trained on them and older versions in DVC's cache;
    sheets of faces on Prefect's page, with `prefect flow-run delete`.
    """
    from s2f.corpus.cliplist import video_of
    from s2f.corpus.lock import only_builder
    from s2f.corpus.manifest import FILE as MANIFEST
    from s2f.corpus.manifest import was_finished
    from s2f.corpus.queries import NAMED, script
    from s2f.corpus.removal import erase, read_ids, remember, removed_file

    named = read_ids(ids)
    missing = set(named)
    for name in built(data, dataset):
        if sql:
            print(script({"To take out": NAMED}, data / "ledger" / name, ids=named), end="\n\n")
            continue
        recipe = recipe_of(name, params)
        out, ledger = data / name, data / "ledger" / name
        remember(named, recipe.source)  # before all else: no build that begins now has them
        with only_builder(ledger):
            gone = [item for _, item in recipe.items() if item.removed]
            remember([], recipe.source, [(item.what.id, item.sha256) for item in gone if item.sha256])
            finished = was_finished(out, ledger)
            found = erase(out, ledger, {*named, *(item.what.id for item in gone)})
            recipe.forget(out, {*(video_of(one) for one in found), *named})
        met = {*found, *(item.what.id for item in gone)}
        missing -= met | {video_of(item) for item in met}
        typer.echo(f"{name}: {len(found)} items taken out; {removed_file(recipe.source)} keeps them out.")
        if finished and (found or not (out / MANIFEST).is_file()):
            _build(name, data, params)
    if missing and not sql:
        typer.echo(f"Not found in any list, corpus or source: {', '.join(sorted(missing))}.", err=True)


@corpus.command()
def verify(dataset: Only = None, data: Data = DATA, sql: Sql = False) -> None:
    """Compare every shard with the manifest and every row with the ledger; exit code 1 if anything is wrong."""
    from s2f.corpus.queries import CONTRADICTIONS, script
    from s2f.corpus.verifying import verify as verify_corpus

    wrong = 0
    for name in built(data, dataset):
        if sql:
            print(script({"Contradictions": CONTRADICTIONS}, data / "ledger" / name, data / name), end="\n\n")
            continue
        found = 0
        for sentence in verify_corpus(data / name, data / "ledger" / name):
            found += 1
            typer.echo(sentence)
        typer.echo(f"{name}: {'all as built' if not found else 'not as built; `dvc repro` builds it again'}.")
        wrong += found
    raise typer.Exit(1 if wrong else 0)


def recipe_of(name: str, params: Path) -> "SpeechFaces | Portraits":
    """The corpus of this name that a params file describes."""
    from s2f.corpus.portraits import read_portraits
    from s2f.corpus.speech_faces import read_speech_faces

    return read_speech_faces(params) if name == "speech_faces" else read_portraits(params)


def chosen(dataset: str | None) -> list[str]:
    """Names of the corpora that are meant.

    Raises:
        InputError: there is none such.
    """
    if dataset not in (None, *BUILDS):
        raise InputError(f"--dataset {dataset}: there is none such; allowed: {', '.join(BUILDS)}.")
    return [name for name in BUILDS if dataset in (None, name)]


def built(data: Path, dataset: str | None) -> Iterator[str]:
    """Names of the corpora that were built, or begun, in a folder.

    Raises:
        InputError: there is none, or not the one asked for.
    """
    names = [name for name in chosen(dataset) if (data / "ledger" / name).is_dir()]
    if not names:
        raise InputError(f"{data / 'ledger' / (dataset or '')}: no corpus was built here yet; `dvc repro` builds it.")
    yield from names


def _build(name: str, data: Path, params: Path) -> None:
    """Run the build as dvc.yaml does; its own exit code where it fails."""
    command = [sys.executable, "-m", BUILDS[name], "--out", f"{data / name}", "--ledger", f"{data / 'ledger' / name}"]
    done = subprocess.run([*command, "--params", f"{params}"])
    if done.returncode:
        raise typer.Exit(done.returncode)
