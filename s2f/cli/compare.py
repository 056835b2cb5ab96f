"""`s2f compare`: is one run better than another, headline by headline, beyond luck?"""

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s2f.cli.generate import check_folder
from s2f.runtime import InputError, replace_file

if TYPE_CHECKING:
    from s2f.cli.revisions import Revision
    from s2f.params.evaluation import EvaluationParams
    from s2f.reporting.tables import Table

REV = (
    "A git revision (HEAD~1, a tag, a branch), the name of a DVC experiment, workspace (the files as they lie here), "
    "or a folder like data/, with params.yaml in it or beside it."
)
# Of section evaluation; a revision of another s2f may have other keys besides.
ASKED = ("confidence", "resamples", "guidance", "recall_at", "max_yaw_degrees")
FORMERLY = "craniofacial_guidance"  # as `guidance` was called
UNASKED: dict[str, Any] = {
    "max_yaw_degrees": 90, "tiny_face_px": 0, "example_voices": 1, "tied_measures": [], "free_measures": [],
}  # fmt: skip
DECIDE_NOTHING = ("fetching", "building")  # and a proxy's password stands in one


def compare(
    rev_a: Annotated[str, typer.Argument(help=REV)],
    rev_b: Annotated[str, typer.Argument(help="Another one; B is held against A.")] = "workspace",
    guidance: Annotated[
        float | None, typer.Option(help="The w of both; by default each side's evaluation.guidance.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for compare.html, compare.png and compare.json; else nothing is kept.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with all numbers as one line of JSON.")] = False,
) -> None:
    """Say whether run B is better than run A: every headline of both, the difference, and whether it is beyond luck.

    \b
    s2f compare HEAD                             what lies here, against the last commit
    s2f compare HEAD~1 HEAD                      two commits
    s2f compare HEAD bold-oxen --out compared    an experiment (`dvc exp show` names them), with page and figure

    Voices are paired by their id, so what makes a voice easy or hard for both cancels out; portraits likewise. "Better"
    needs an interval above 0, a p that survives Holm's correction for all headlines, and 20 people or more. Nothing
    is trained or drawn here: data comes from DVC's cache, linked, not copied.
    """
    from rich.console import Console

    from s2f.cli.revisions import find
    from s2f.reporting.comparing import changes, comparison, conclusion, introduction

    if guidance is not None and not math.isfinite(guidance):
        raise InputError(f"--guidance {guidance} is not a finite number; the paper draws with 0 to 4.")
    if out is not None:
        check_folder(out)
    a, b = find(rev_a), find(rev_b)
    content = measured(a, b, guidance) | told(a, b)
    console, table = Console(), comparison(content)
    for sentence in introduction(content):
        console.print(sentence, markup=False, highlight=False)
    console.print("", rich_table(table), "")
    for sentence in (*table.notes, "", *changes(content), "", conclusion(content)):
        console.print(sentence, markup=False, highlight=False)
    if out is not None:
        write(content, out)
    if as_json:
        print(json.dumps(content, allow_nan=False, ensure_ascii=False))


def measured(a: "Revision", b: "Revision", guidance: float | None) -> dict[str, Any]:
    """The comparison itself; found and sure as B's parameters say."""
    from s2f.cli.revisions import fetch
    from s2f.evaluation.comparing import compare_runs
    from s2f.evaluation.results import plan_of
    from s2f.evaluation.runs import PARTS, read_run

    asked = asked_of(b)
    plan = plan_of(asked, b.params.get("seed", 0))
    with tempfile.TemporaryDirectory(prefix="s2f-compare-") as folder:
        before, after = (
            read_run(one.name, data, asked_of(one).guidance if guidance is None else guidance)
            for one, data in zip((a, b), fetch((a, b), PARTS, Path(folder)), strict=True)
        )
    return compare_runs(before, after, asked.headline_recall, plan, asked.max_yaw_degrees)


def asked_of(revision: "Revision") -> "EvaluationParams":
    """What a revision's parameters say of judging, as far as it is asked for here."""
    from s2f.params.base import parse
    from s2f.params.evaluation import EvaluationParams

    section = _as_called_now(revision.params.get("evaluation"))
    if not isinstance(section, dict):
        raise InputError(f"{revision.name}: its params.yaml has no section 'evaluation'.")
    content = UNASKED | {key: section[key] for key in ASKED if key in section}
    return parse(EvaluationParams, content, f"{revision.name}: params.yaml: evaluation")


def _as_called_now(section: Any) -> Any:
    """A section of an earlier s2f's parameters under the present names: a new name alone is no change."""
    if not isinstance(section, dict):
        return section
    return {"guidance" if key == FORMERLY else key: value for key, value in section.items()}


def told(a: "Revision", b: "Revision") -> dict[str, Any]:
    """What is known of the two besides their faces, as JSON content."""
    from s2f.cli.revisions import changed_code, recorded_params
    from s2f.reporting.this_run import differing

    deciding = [
        {key: _as_called_now(value) for key, value in one.params.items() if key not in DECIDE_NOTHING} for one in (a, b)
    ]
    edited = {one.name: [name for name, *_ in differing(*recorded_params(one))] for one in (a, b)}
    return {
        "commits": {"a": a.commit, "b": b.commit},
        "parameters": differing(*deciding),
        "code_files": changed_code(a, b),
        "edited": {name: keys for name, keys in edited.items() if keys},
    }


def rich_table(table: "Table") -> Any:
    """A table on the terminal, in 80 columns: what goes with a number stands below it."""
    from rich.table import Column, Table
    from rich.text import Text

    from s2f.reporting.tables import NONE

    below = {"N of people": "headline", "Holm's p": "p"} if "verdict" in table.head else {}
    head = [name for name in table.head if name not in below]
    columns = (Column(Text("p\nHolm's" if name == "p" else name), overflow="fold") for name in head)
    shown = Table(*columns, box=None, pad_edge=False, padding=(0, 1, 1 if below else 0, 0))
    for row in table.rows:
        cells = dict(zip(table.head, row, strict=True))
        if below:
            cells = {name: cell.replace(" [", "\n[") for name, cell in cells.items()}
        for name, above in below.items():
            if cells[above] != NONE:
                cells[above] += f"\n{'N = ' if above == 'headline' else ''}{cells[name]}"
        shown.add_row(*(Text(cells[name]) for name in head))
    return shown


def write(content: dict[str, Any], out: Path) -> None:
    """Page, figure and numbers; of runs that measured the same there is no figure, nor is one of before kept."""
    from s2f.reporting.comparing import HEIGHT, WIDTH, forest, is_same, render_page
    from s2f.reporting.drawing import as_png

    replace_file(out / "compare.html", render_page(content).encode())
    if is_same(content):
        (out / "compare.png").unlink(missing_ok=True)
    else:
        replace_file(out / "compare.png", as_png(forest(content), WIDTH, HEIGHT))
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    replace_file(out / "compare.json", (text + "\n").encode())
