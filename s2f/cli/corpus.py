"""`s2f corpus`: what a build will take, what became of every item, and what to do about it."""

from pathlib import Path
from typing import Annotated

import typer

from s2f.runtime import InputError

corpus = typer.Typer(help="Look at the corpus.", no_args_is_help=True)


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
