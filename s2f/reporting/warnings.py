"""What a reader has to know before any number, in sentences."""

from typing import Any

from s2f.reporting.headlines import ALIKE
from s2f.reporting.sources import Results
from s2f.reporting.tables import estimate

HARDLY = 0.05  # of the variety between voices: below it the faces of one voice are nearly one face


def warnings(results: Results) -> list[str]:
    """Sentences a reader needs before any number."""
    said = []
    identity = results.identity
    for w, row in identity["by_guidance"].items():
        between, true = row["variety"]["between_people"], row["variety"]["between_true_faces"]
        if between["value"] is not None and true["value"] and between["value"] < ALIKE * true["value"]:
            said.append(
                f"At w = {w} all generated faces look alike: their variety is {estimate(between, 3)}, "
                f"the true faces' {estimate(true, 3)}."
            )
    said += one_face_each(identity)
    slope = results.facial["guidance"].get(identity["guidance"], {}).get("age_slope", {})
    if slope.get("value") is not None and not slope["low"] <= 1 <= slope["high"]:
        ages = results.facial["guidance"][identity["guidance"]]
        off, constant = ages["age_error_years"], ages["age_error_of_one_age"]
        said.append(
            f"Years are {'stretched' if slope['value'] > 1 else 'squeezed'}: with each year of the true face the drawn "
            f"one ages {estimate(slope)}, and it is {estimate(off, 1)} years off, where always answering the true ages'"
            f" median would be {estimate(constant, 1)}. r tells the order alone."
        )
    if lost := results.facial["without_true_face"]:
        said.append(
            f"The true face of {lost} of {results.facial['voices']} voices was not found again, or not judged: where "
            "its age, gender or measures are asked for, they are left out."
        )
    if identity["no_face"] or identity["several_faces"]:
        said.append(
            f"Of {identity['pictures']} generated pictures {identity['no_face']} show no face and "
            f"{identity['several_faces']} several; what cannot be judged is left out and counted."
        )
    return said


def one_face_each(identity: dict[str, Any]) -> list[str]:
    """In a sentence, at which w the faces of one voice hardly differ beside those of different voices."""
    variety = {w: row["variety"] for w, row in identity["by_guidance"].items()}
    near = [w for w, row in variety.items() if _ratio(row) < HARDLY]
    if not near:
        return []
    shown = identity["guidance"] if identity["guidance"] in near else near[0]
    within, between = (estimate(variety[shown][key], 3) for key in ("within_voice", "between_people"))
    return [
        f"The faces drawn for one voice hardly differ (w = {', '.join(near)}): at w = {shown} their variety is "
        f"{within}, that between voices {between}. A second face of a voice says little that the first did not."
    ]


def _ratio(variety: dict[str, Any]) -> float:
    """The variety within a voice as a share of that between voices; 1 where it cannot be known."""
    within, between = variety["within_voice"]["value"], variety["between_people"]["value"]
    return 1.0 if within is None or not between else float(within / between)
