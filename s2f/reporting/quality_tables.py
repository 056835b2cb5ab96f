"""The report's tables of how real faces look: distances from true ones by w, and enlarged portraits."""

from typing import Any

from s2f.reporting.tables import NONE, Table, estimate, number, p_value

SEEN = 2.3  # ΔE*ab from which the eye tells two colours apart


def distances(content: dict[str, Any]) -> Table:
    """Fréchet and kernel distance by w, each beside that of true faces from true faces."""
    baseline = content["true_faces_halves"]
    rows = []
    for w, row in content["by_guidance"].items():
        frechet, kernel, left_out = (row["distance"][key] for key in ("frechet", "kernel", "left_out"))
        corrected = frechet.get("corrected", {"value": None})
        cells = [estimate(frechet, 3), estimate(frechet.get("halves", baseline["frechet"]), 3)]
        cells.append(NONE if corrected["value"] is None else estimate(corrected, 3))
        cells += [str(frechet.get("a_side", baseline["a_side"])), estimate(kernel, 4), estimate(baseline["kernel"], 4)]
        rows.append([w, *cells, p_value(kernel.get("p")), str(kernel["n"]), str(left_out)])
    notes = [
        "Embeddings of all faces of one w against those of all true faces; lower is nearer. It asks whether they look "
        "like people, not whether they look like the speaker.",
        "Fréchet: one half of the people's true faces against the other half's generated ones, the mean of many such "
        "halves; beside it the same with true faces on both sides, in brackets the middle of the halves. With few "
        "faces both are far above 0. Below the halves is no praise: little variety comes out there. One mean face for "
        f"everybody would be at {estimate(baseline['one_face'], 3)}.",
        "Kernel (KID's, of unit vectors): 0 is no difference, at every N. p: how often it comes out as large when "
        "people's true and generated faces change places, of each w alone.",
        "Left out: generated pictures without a face, and all of voices without a true one.",
    ]
    notes += _without_bias(content)
    head = ["w", "Fréchet", "halves of true faces", "Fréchet without bias", "faces a side"]
    head += ["kernel", "halves of true faces", "p", "N", "left out"]
    return Table("Distance from true faces", head, rows, notes)


def _without_bias(content: dict[str, Any]) -> list[str]:
    """Why a Fréchet distance is not told without its bias, once."""
    found = [row["distance"]["frechet"].get("corrected", {}) for row in content["by_guidance"].values()]
    reasons = dict.fromkeys(one["reason"] for one in found if "reason" in one)
    return [f"Fréchet without bias is {reason}." for reason in list(reasons)[:1]]


def super_resolution(content: dict[str, Any]) -> Table:
    """Enlarged portraits against the true ones: pixels, colours, face."""
    head = ["enlarged by", "PSNR, dB (higher is better)", "SSIM (higher)", "colour shift, ΔE (lower)", "N"]
    pixels = [(content[key], digits) for key, digits in (("psnr_db", 2), ("ssim", 3), ("colour_shift", 2))]
    rows = []
    for name, key, cosine in (
        ("super-resolution (ours)", "super_resolution", "cosine"),
        ("bicubic", "bicubic", "bicubic_cosine"),
        ("difference, picture by picture", "difference", "difference"),
    ):
        cells = [estimate(row[key], digits) for row, digits in pixels]
        rows.append([name, *cells, str(pixels[0][0][key]["n"]), estimate(content[cosine], 3), str(content["n"])])
    rows.append(["another person's portrait", *[NONE] * 4, estimate(content["other_cosine"], 3), str(content["n"])])
    lost, blank = content["lost"], content["found"]["portrait"]["no_face"]
    notes = [
        *_worse(content),
        "PSNR and SSIM prefer the mean of all pictures that could be meant to any one of them. Colour shift: mean ΔE "
        f"between block means on a grid of 8×8, so of tints and not of detail; the eye sees about {SEEN:g}.",
        "The cosine of embeddings needs a face in all three pictures. "
        f"Of {content['portraits']} portraits that show one, {lost['super_resolution']} have none when enlarged by "
        f"super-resolution, {lost['bicubic']} bicubically: they are in no cosine. {blank} more show none themselves.",
    ]
    return Table("Enlarged portraits against the true ones", [*head, "cosine (higher)", "N"], rows, notes)


def _worse(content: dict[str, Any]) -> list[str]:
    """In words, what bicubic does better beyond doubt."""
    said = []
    shift, psnr = content["colour_shift"], content["psnr_db"]
    if (shift["difference"]["low"] or 0.0) > 0:
        ours, plain = (number(shift[key]["value"]) for key in ("super_resolution", "bicubic"))
        said.append(f"Super-resolution shifts colours more than bicubic: ΔE {ours} against {plain}.")
    if (psnr["difference"]["high"] or 0.0) < 0:
        ours, plain = (number(psnr[key]["value"]) for key in ("super_resolution", "bicubic"))
        said.append(f"Super-resolution loses PSNR to bicubic: {ours} dB against {plain}.")
    return said
