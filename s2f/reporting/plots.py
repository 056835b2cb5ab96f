"""reports/plots: tables that `dvc plots show` and `dvc plots diff` draw, an experiment beside another."""

from collections.abc import Iterable

from s2f.reporting.sources import Results

BY_GUIDANCE = ("age_r", "gender_accuracy", "cosine")


def plot_tables(results: Results) -> dict[str, str]:
    """Tab-separated tables by file name; what does not exist is an empty cell."""
    weights = results.headlines["by_guidance"].items()
    guidance = [(w, *(row[name]["value"] for name in BY_GUIDANCE)) for w, row in weights]
    measures = [(name.replace("_", " "), row["r"]) for name, row in results.craniofacial["measures"].items()]
    return {
        "guidance.tsv": _table(("guidance", *BY_GUIDANCE), guidance),
        "measures.tsv": _table(("measure", "r"), measures),
    }


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [head, *rows]
    return "".join("\t".join("" if cell is None else str(cell) for cell in line) + "\n" for line in lines)
