"""Does super-resolution keep the true portrait's face, pixels and colours, and better than bicubic enlarging does?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.embeddings import COSINES, GAINS
from s2f.evaluation.identity import other_people
from s2f.evaluation.pictures import Pictures
from s2f.evaluation.statistics import Estimate, Floats, Plan, mean, unavailable
from s2f.evaluation.tables import faces_found, number_people, take

OURS, BICUBIC = "super_resolution", "bicubic"
PIXELS = {"psnr_db": (0.0, np.inf), "ssim": (-1.0, 1.0), "colour_shift": (0.0, np.inf)}  # and what none is beyond


def evaluate_super_resolution(
    pictures: dict[str, Pictures], plan: Plan, person: dict[str, str] | None = None
) -> dict[str, Any]:
    """The same portraits enlarged by super-resolution and bicubically, each against the true one, and the difference.

    The cosine of embeddings needs a face in all three: of the `portraits` that show one, `lost` counts those whose
    enlarged picture does not. PSNR, SSIM and colour shift need none. `person` maps a portrait's id to who is seen; an
    unknown id is its own person.
    """
    sources = ("portrait", OURS, BICUBIC)
    found = {name: faces_found(pictures[name].faces, pictures[name].face_px, plan.tiny_face_px) for name in sources}
    content: dict[str, Any] = {"found": found}
    if not all(pictures[name].ids for name in sources):
        nothing = unavailable("no enlarged portraits were measured").as_json()
        content |= {"n": 0, "portraits": 0, "lost": dict.fromkeys(sources[1:], 0)}
        content |= dict.fromkeys(("cosine", "bicubic_cosine", "difference", "other_cosine"), nothing)
        return content | dict.fromkeys(PIXELS, dict.fromkeys((OURS, BICUBIC, "difference"), nothing))
    ids = pictures["portrait"].ids
    people = number_people(ids, person or {})
    rows = {name: _rows(pictures[name].ids, ids) for name in (OURS, BICUBIC)}
    content |= _faces(pictures, rows, people, plan)
    for name, bounds in PIXELS.items():
        ours, plain = (take(getattr(pictures[source], name), rows[source]) for source in (OURS, BICUBIC))
        content[name] = _pixels(ours, plain, people, plan, bounds)
    return content


def cosine_gains(pictures: dict[str, Pictures], ids: list[str]) -> Floats:
    """How much nearer to true portraits (n,) super-resolution is than bicubic; NaN where a picture shows no face."""
    truth, ours, plain = (
        take(pictures[name].embedding, _rows(pictures[name].ids, ids)).astype(np.float64)
        for name in ("portrait", OURS, BICUBIC)
    )
    return np.einsum("nd,nd->n", ours, truth) - np.einsum("nd,nd->n", plain, truth)


def _rows(ids: list[str], wanted: list[str]) -> NDArray[np.int64]:
    """Where the wanted ids are (n,), −1 where they are not."""
    place = {one: row for row, one in enumerate(ids)}
    return np.array([place.get(one, -1) for one in wanted], dtype=np.int64)


def _faces(
    pictures: dict[str, Pictures], rows: dict[str, NDArray[np.int64]], people: NDArray[np.int64], plan: Plan
) -> dict[str, Any]:
    """Cosines with the true portrait, where all three show a face, and with other people's portraits."""
    truth = pictures["portrait"].embedding.astype(np.float64)
    ours, plain = (take(pictures[name].embedding, rows[name]).astype(np.float64) for name in (OURS, BICUBIC))
    shown, ours_found, plain_found = (np.isfinite(one[:, 0]) for one in (truth, ours, plain))
    kept = shown & ours_found & plain_found
    truth, ours, plain, people = truth[kept], ours[kept], plain[kept], people[kept]
    ours_own, plain_own = np.einsum("nd,nd->n", ours, truth), np.einsum("nd,nd->n", plain, truth)
    return {
        "n": len(truth),
        "portraits": int(shown.sum()),
        "lost": {OURS: int((shown & ~ours_found).sum()), BICUBIC: int((shown & ~plain_found).sum())},
        "cosine": mean(ours_own, people, plan, COSINES).as_json(),
        "bicubic_cosine": mean(plain_own, people, plan, COSINES).as_json(),
        "difference": mean(ours_own - plain_own, people, plan, GAINS).as_json(),
        "other_cosine": other_people(ours, truth, ours_own, people, plan)["other"],
    }


def _pixels(
    ours: Floats, plain: Floats, people: NDArray[np.int64], plan: Plan, bounds: tuple[float, float]
) -> dict[str, Any]:
    """One measure of both (n,), NaN where it was not taken, and ours less bicubic's, picture by picture."""
    kept = ~np.isnan(ours) & ~np.isnan(plain)
    ours, plain, people = ours[kept], plain[kept], people[kept]
    difference = np.subtract(ours, plain, where=np.isfinite(ours), out=ours.copy())
    reach = bounds[1] - bounds[0]
    return {
        OURS: _mean(ours, people, plan, bounds).as_json(),
        BICUBIC: _mean(plain, people, plan, bounds).as_json(),
        "difference": _mean(difference, people, plan, (-reach, reach)).as_json(),
    }


def _mean(values: Floats, people: NDArray[np.int64], plan: Plan, bounds: tuple[float, float]) -> Estimate:
    same = int(np.isinf(values).sum())
    if same:
        return unavailable(f"{same} of {len(values)} pictures are the true ones, pixel by pixel", len(values))
    return mean(values, people, plan, bounds)
