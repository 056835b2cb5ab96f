"""`s2f evaluate`: a folder of generated faces, whoever made them, against a folder of true ones."""

import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from s2f.reporting.given_headlines import Given, Line

WIDE = 200  # columns of a table that no terminal shows: a row is a line


def evaluate(
    truth: Annotated[Path, typer.Option(help="Folder of true faces, a picture for each name.")],
    generated: Annotated[Path, typer.Option(help="Folder of generated faces, one or more for each name.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the results and the two pages.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV file: a column name, and any of age, gender (f, m), person.")
    ] = None,
    params: Annotated[Path, typer.Option(help="Which networks look: face_models; how sure to be: evaluation.")] = Path(
        "params.yaml"
    ),
) -> None:
    """Judge generated faces against true ones, whoever made them: two folders of pictures, matched by name.

    \b
    s2f evaluate --truth faces --generated drawn --out judged
    s2f evaluate --truth faces --generated drawn --labels labels.csv | tail -1

    A name is a picture's path inside its folder, without the ending. To the true face NAME.jpg belong NAME.png,
    NAME_0.png, NAME_1.png, … (as `s2f generate` writes them) and every picture in a folder NAME; what is called exactly
    as a true face belongs to that one alone. What belongs to nobody is counted and left out. Where names have unequally
    many pictures, as many count as nine in ten have. Pictures are jpg, png, webp, bmp, gif or tif, in sub-folders, too;
    those that cannot be read, and links that lead out of the folder, are counted and named.

    Age, gender, eleven measures and an embedding are taken of every picture once, by the networks of the parameters;
    numbers of different networks do not compare. Every number has its interval, its N and what chance gives beside it.
    The last line is all headlines as JSON; what cannot be known is null there, with the reason. With --out:
    facial.json, craniofacial.json, identity.json, headlines.json, report.md, index.html, and in measured/ what was seen
    of each picture.
    """
    from s2f.cli.generate import check_folder
    from s2f.cli.judging import Sections, judge, measure, open_networks, pair, write_pages
    from s2f.reporting.given_headlines import given_headlines, given_numbers

    sections = Sections.of(params)
    if out is not None:
        check_folder(out)
    pictures = pair(truth, generated, labels)
    with nullcontext(str(out)) if out is not None else tempfile.TemporaryDirectory() as folder:
        measured = Path(folder) / "measured"
        with open_networks(sections) as networks:
            for row in networks.rows:
                typer.echo("{}: {}, sha256 {}".format(*row))
            for sentence in sections.beware:
                typer.echo(f"warning: {sentence}", err=True)
            measure(pictures, networks, sections, measured)
        given = judge(pictures, networks, sections, measured)
        lines = given_headlines(given)
        if out is not None:
            write_pages(given, lines, pictures, sections, measured, out)
    print_headlines(given, lines)
    if out is not None:
        typer.echo(f"The report: {out / 'index.html'}")
    print(json.dumps(given_numbers(given, lines), allow_nan=False), flush=True)


def print_headlines(given: "Given", lines: "list[Line]") -> None:
    """A table of the headlines, and below it what to know when reading it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from s2f.reporting.given_headlines import given_warnings, nothing_seen

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if terminal else WIDE)
    interval = f"{given.headlines['confidence']:.0%} interval"
    table = Table("", Column("value", justify="right"), interval, "control", "N", "verdict")
    if not terminal:
        table.box = None
    for card in (line.card for line in lines):
        table.add_row(*map(escape, (card.title, card.value, card.interval, card.control, card.count, card.verdict)))
    console.print(table)
    for sentence in (*nothing_seen(given), *given_warnings(given)):
        if sentence not in given.beware:  # said before anything was looked at
            console.print(sentence, markup=False, soft_wrap=True)
