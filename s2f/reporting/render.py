"""The report's pages from what was read: HTML that holds all it shows, Markdown with pictures beside, a model card."""

from typing import Any

from s2f.params.experiment import Experiment
from s2f.reporting import (
    confusions,
    corpus_figure,
    craniofacial_tables,
    facial_tables,
    figures,
    group_tables,
    networks,
    paper,
    pictures,
    quality_tables,
    tables,
)
from s2f.reporting.drawing import as_png
from s2f.reporting.examples import Portrait, Voice
from s2f.reporting.headlines import headlines
from s2f.reporting.limits import limits
from s2f.reporting.model_card import card_content
from s2f.reporting.pages import Diagram, fill_html, fill_markdown
from s2f.reporting.sources import Funnel, Results
from s2f.reporting.tables import Table
from s2f.reporting.this_run import ThisRun
from s2f.reporting.warnings import warnings

MEDIA_BYTES = 10_000_000  # of voices and pictures; with base64 and the rest the page stays below 15 MB


def diagrams(results: Results, ages: list[tuple[float, float]]) -> list[Diagram]:
    """Every figure; `ages` are (true, generated) judged ages at the reference w."""
    w = results.identity["guidance"]
    return [
        Diagram("facial", figures.facial(results.facial), 7.2, 3.4, _facial_text(results)),
        Diagram(
            "ages",
            figures.ages(ages, f" (w = {w})"),
            4.2,
            4.0,
            f"Scatter of judged ages, true against generated, w = {w}.",
            figures.ageless(ages),
        ),
        Diagram(
            "confusions", confusions.confusions(results.facial, w), 7.2, 3.0, confusions.in_words(results.facial, w)
        ),
        Diagram(
            "craniofacial",
            figures.craniofacial(results.craniofacial),
            6.4,
            4.6,
            "Pearson's r of eleven craniofacial measures with intervals; the table below holds the numbers.",
        ),
        Diagram(
            "recall",
            figures.recall(results.identity),
            6.4,
            3.4,
            "Share of voices whose own face is among the first k, beside chance; the table below holds the numbers.",
        ),
        Diagram(
            "groups",
            figures.groups(results.headlines),
            7.6,
            3.2,
            "Three headlines by gender and age with intervals, beside those of all voices and each group's chance; "
            "the table below holds the numbers.",
        ),
        _funnel("corpus", results.corpus, corpus_figure.CLIPS),
        _funnel("portraits", results.portraits, corpus_figure.PORTRAITS),
        Diagram(
            "training",
            figures.training(results.models, losses(results.params)),
            10.0,
            3.8,
            "Loss over training steps of the three models, training, validation and by quarter of t.",
            _cropped(results.params),
        ),
    ]


def _facial_text(results: Results) -> str:
    said = [
        f"w = {w}: age r {tables.number(row['age_r']['value'])}, "
        f"gender accuracy {tables.number(row['gender_accuracy']['value'])}"
        for w, row in results.facial["guidance"].items()
    ]
    return "Age correlation and gender accuracy by guidance, ours beside the paper's. " + "; ".join(said) + "."


def _funnel(name: str, content: Funnel, items: corpus_figure.Items) -> Diagram:
    drawn, said = corpus_figure.funnel(content, items), corpus_figure.in_words(content, items)
    return Diagram(name, drawn, 7.6, corpus_figure.height(content), said)


def _cropped(params: Experiment) -> str:
    """Why super-resolution's two losses lie apart, where it learns from squares."""
    px = params.super_resolution_training.crop_px
    if not px:
        return ""
    return (
        f"Super-resolution learns from squares of {px} px, which see the middle of a picture more often than its "
        "margins, and is validated on whole pictures. Its two losses are of other pixels: their gap says nothing."
    )


def losses(params: Experiment) -> dict[str, str]:
    """What each model's logged loss is, by name."""
    named = {"epsilon": "noise", "v": "v", "x0": "picture"}
    predictions = (params.face_decoder.prediction, params.super_resolution.prediction)
    decoder, enlarging = (f"squared error of the {named[one]}" for one in predictions)
    return {"speech_encoder": "cosine distance, 1 − cos", "face_decoder": decoder, "super_resolution": enlarging}


def craniofacial(content: dict[str, Any], mean_r: dict[str, Any]) -> list[Table]:
    """The tables of the measures, in the order of the page."""
    measured = craniofacial_tables.by_landmarker(content).items()
    return [
        *(craniofacial_tables.craniofacial(one, by) for by, one in measured),
        *(craniofacial_tables.beside_r(one, by) for by, one in measured),
        craniofacial_tables.beside_r_by_luck(content),
        craniofacial_tables.together(mean_r, content["guidance"]),
        craniofacial_tables.definitions(),
    ]


def all_tables(results: Results) -> dict[str, Table]:
    """Every other table by name."""
    return {
        "ages": facial_tables.ages(results.facial),
        "ages_otherwise": facial_tables.ages_otherwise(results.facial),
        "ages_by_luck": facial_tables.ages_by_luck(results.facial),
        "genders": facial_tables.genders(results.facial),
        "labels": facial_tables.labels(results.facial),
        "confusion": facial_tables.confusion(results.facial),
        "age_confusion": facial_tables.age_confusion(results.facial, results.identity["guidance"]),
        "by_guidance": group_tables.by_guidance(results.headlines),
        "groups": group_tables.groups(results.headlines),
        "enlarging_groups": group_tables.enlarging(results.headlines),
        "retrieval": tables.retrieval(results.identity),
        "retrieval_same_gender": tables.retrieval(results.identity, "recall_same_gender"),
        "likeness": tables.likeness(results.identity),
        "variety": tables.variety(results.identity),
        "distances": quality_tables.distances(results.identity),
        "super_resolution": quality_tables.super_resolution(results.identity["super_resolution"]),
        "corpus": tables.funnel("Voice and face clips", results.corpus),
        "portraits": tables.funnel("Portraits", results.portraits),
        "models": networks.models(results),
    }


def fitting(voices: list[Voice], limit: int = MEDIA_BYTES) -> list[Voice]:
    """The first voices whose sound and pictures together stay below `limit` bytes."""
    total, kept = 0, []
    for voice in voices:
        total += len(voice.speech) + len(voice.spectrogram) + len(voice.true)
        total += sum(len(face.small) + len(face.face) for face in voice.faces.values())
        if total > limit:
            break
        kept.append(voice)
    return kept


def render_html(
    results: Results, voices: list[Voice], portraits: list[Portrait], drawn: list[Diagram], this_run: ThisRun
) -> str:
    """The page, with what it says of the run itself."""
    shown = fitting(voices)
    media = {"voices": shown, "asked": len(voices), "portraits": portraits}
    return fill_html("report.html.j2", _content(results) | media | {"this_run": this_run}, drawn)


def render_markdown(results: Results, drawn: list[Diagram], sheets: dict[str, bytes]) -> str:
    """The Markdown twin; figures and sheets lie in figures/NAME.png."""
    return fill_markdown(
        "report.md.j2", _content(results) | {"figures": {one.name: one for one in drawn}, "sheets": sheets}
    )


def render_model_card(results: Results) -> str:
    """MODEL_CARD.md, in Hugging Face's format."""
    return fill_markdown("model_card.md.j2", _content(results) | card_content(results))


def _content(results: Results) -> dict[str, Any]:
    return {
        "results": results,
        "headlines": headlines(results),
        "warnings": warnings(results),
        "tables": all_tables(results),
        "craniofacial": craniofacial(results.craniofacial, results.headlines["mean_r"]),
        "paper": paper.SOURCE,
        "limits": limits(results.params, results.is_sample),
        "judge": networks.judge(results),
        "confidence": f"{results.params.evaluation.confidence:.0%}",
    }


def png_files(drawn: list[Diagram], voices: list[Voice], portraits: list[Portrait]) -> dict[str, bytes]:
    """reports/figures: diagrams and contact sheets, by name."""
    files = {one.name: as_png(one.draw, one.width, one.height) for one in drawn}
    if voices:
        files["faces"] = pictures.faces_sheet(voices)
    if portraits:
        files["super_resolution"] = pictures.portraits_sheet(portraits)
    return files
