"""A run, as another one is compared with it: what was measured of it, and by which rulers."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s2f.evaluation.enlarging import cosine_gains
from s2f.evaluation.headlines import Study
from s2f.evaluation.pictures import Pictures, read_pictures
from s2f.evaluation.statistics import Floats
from s2f.evaluation.tables import guidance_name, line_up, read_heard, read_people, read_portrayed, take
from s2f.params.evaluation import MEASURES
from s2f.runtime import InputError

# What of a run's data is asked for. Who speaks is told by the test split alone: no person is in two splits.
PARTS = ("measured", "generated/heard", "generated/enlarged", "speech_faces/test")
NO_HEADLINE = ("dlib",)  # networks that decide none of the headlines


@dataclass(frozen=True)
class Run:
    """One side of a comparison."""

    name: str
    guidance: float  # the w whose faces are compared
    study: Study
    pictures: dict[str, Pictures]  # by source
    portrayed: dict[str, str]  # portrait's id → who is seen
    networks: dict[str, list[str]]  # role → name and sha256; empty where the run does not say

    @property
    def places(self) -> NDArray[np.int64]:
        """Where the pictures of this w are (n, k)."""
        return next(rows for w, rows in self.study.voices.generated.items() if np.isclose(w, self.guidance))

    def of(self, ids: list[str], samples: int, people: NDArray[np.int64]) -> Study:
        """These voices (n,) and their first samples at the w alone, with these people (n,)."""
        voices = self.study.voices
        rows = self.rows(ids)
        places = {self.guidance: self.places[rows, :samples]}
        kept = replace(voices, ids=ids, people=people, true=voices.true[rows], generated=places)
        return replace(self.study, voices=kept)

    def rows(self, ids: list[str]) -> NDArray[np.int64]:
        """Where these voices (n,) are."""
        return _places(self.study.voices.ids, ids)

    def true_faces(self, ids: list[str]) -> Floats:
        """All that the headlines take from these voices' true faces (n, 527)."""
        true, places = self.study.true, self.study.voices.true[self.rows(ids)]
        nothing = np.full(len(true.ids), np.nan)
        measures = [true.measures.get(name, nothing) for name in MEASURES]
        return np.column_stack([_looks(true, places), *(take(one, places) for one in (true.yaw_degrees, *measures))])

    def portraits(self, ids: list[str]) -> Floats:
        """All that they take from true portraits (n, 515)."""
        return _looks(self.pictures["portrait"], _places(self.pictures["portrait"].ids, ids))

    def cosine_gains(self, ids: list[str]) -> Floats:
        """How much nearer to the true portraits super-resolution is than bicubic (n,); NaN where a face is missing."""
        return cosine_gains(self.pictures, ids)


def read_run(name: str, folder: Path, guidance: float) -> Run:
    """From a folder like data/; `name` opens the sentence if it does not do.

    Raises:
        InputError: a part is missing or cannot be read, or no face was drawn at this w.
    """
    for part in PARTS:
        if not (folder / part).is_dir():
            raise InputError(f"{name}: {folder / part} is not there; `dvc repro` makes it.")
    try:
        seen = read_pictures(folder / "measured", older=True)
        voices = line_up(seen["true"], seen["generated"], read_people(folder / "speech_faces"))
        heard, portrayed = read_heard(folder / "generated" / "heard"), read_portrayed(folder / "generated" / "enlarged")
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except pa.ArrowException as error:
        raise InputError(f"{name}: {folder} holds a table that cannot be read ({error}).") from None
    if not any(np.isclose(w, guidance) for w in voices.generated):
        drawn = ", ".join(guidance_name(w) for w in voices.generated) or "none"
        raise InputError(f"{name}: no face was drawn at w = {guidance_name(guidance)}; allowed: {drawn}.")
    study = Study(seen["true"], seen["generated"], voices, heard)
    return Run(name, guidance, study, seen, portrayed, _networks(folder / "measured" / "manifest.json"))


def _networks(manifest: Path) -> dict[str, list[str]]:
    try:
        recipe = dict(json.loads(manifest.read_text(encoding="utf-8")).get("recipe", {}))
    except (
        OSError,
        ValueError,
        AttributeError,
        TypeError,
    ):  # a run of before there were such manifests, or a broken one
        return {}
    return {
        role: [str(about.get("name", role)), str(about["sha256"])]
        for role, about in recipe.items()
        if isinstance(about, dict) and about.get("sha256") and role not in NO_HEADLINE
    }


def other_rulers(a: Run, b: Run, ids: list[str], portraits: list[str]) -> dict[str, Any]:
    """In what both runs were not judged alike, as JSON content: networks, true faces, portraits, who is who.

    A network is another one if its weights are; what another version of a library makes of them shows in true faces.
    """
    roles = dict.fromkeys([*a.networks, *b.networks]) if a.networks and b.networks else {}
    networks = {role: [a.networks.get(role), b.networks.get(role)] for role in roles}
    return {
        "unknown": [run.name for run in (a, b) if not run.networks],
        "networks": {role: both for role, both in networks.items() if _weights(both[0]) != _weights(both[1])},
        "true_faces": _differing(a.true_faces(ids), b.true_faces(ids)),
        "portraits": _differing(a.portraits(portraits), b.portraits(portraits)),
        "people": not _same_groups(a.study.voices.people[a.rows(ids)], b.study.voices.people[b.rows(ids)]),
    }


def _places(ids: list[str], wanted: list[str]) -> NDArray[np.int64]:
    """Where the wanted ids are (n,), −1 where they are not."""
    place = {one: row for row, one in enumerate(ids)}
    return np.array([place.get(one, -1) for one in wanted], dtype=np.int64)


def _weights(network: list[str] | None) -> str | None:
    return network[1] if network else None


def _looks(pictures: Pictures, places: NDArray[np.int64]) -> Floats:
    single = (pictures.faces, pictures.age, pictures.male)
    return np.column_stack([*(take(one, places) for one in single), take(pictures.embedding, places)])


def _differing(one: Floats, other: Floats) -> int:
    """How many rows are not the same; nothing is as nothing."""
    return int((~((one == other) | (np.isnan(one) & np.isnan(other)))).any(1).sum())


def _same_groups(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))
