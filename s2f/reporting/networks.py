"""The networks that looked at faces, in words: what each does, and whether it is the sample's own."""

import re

from s2f.params.face_models import SAMPLE_PACK
from s2f.reporting.departures import departures
from s2f.reporting.sources import Results
from s2f.reporting.tables import LOOKERS, NONE, Table
from s2f.runtime import file_sha256

ARCFACE = re.compile(r"arcface|w600k|glintr100|buffalo|antelope", re.IGNORECASE)  # insightface's are


def networks(results: Results) -> list[list[str]]:
    """What each does, its name and its sha256: as the manifests have them, else as params.yaml names them."""
    params = results.params.face_models
    named = {
        "arcface": (params.arcface, params.arcface_sha256 or NONE),
        "age_gender": (params.age_gender, params.age_gender_sha256 or NONE),
    }
    own = {file_sha256(path) for path in SAMPLE_PACK.glob("*.onnx")}
    return [
        [role_of(role, name), name_of(name, sha256 in own), sha256]
        for role, (name, sha256) in (named | results.face_models).items()
    ]


def judge(results: Results) -> str:
    """The name of the network that judged age and gender."""
    return next(name for role, name, _ in networks(results) if role == LOOKERS["age_gender"])


def role_of(role: str, name: str) -> str:
    """What a network does; of an embedding, whether it is ArcFace's, as far as its name tells."""
    words = LOOKERS.get(role, role)
    return f"{words} (ArcFace)" if role == "arcface" and ARCFACE.search(name) else words


def name_of(name: str, own: bool) -> str:
    """The name, which may begin with the library that reads the file; of the sample's `own` networks, whose they are.

    insightface runs them, for they have its layout, and has no other part in them.
    """
    if not own:
        return name
    library, _, file = name.rpartition(", ")
    return f"the sample's own network{f', read by {library}' if library else ''} ({file})"


def models(results: Results) -> Table:
    """What was trained and what looked at faces, with hashes; where what was trained is not the paper's."""
    rows = [
        [
            model.name.replace("_", " "),
            f"{model.numbers:,} numbers, {model.steps or NONE} steps" if model.numbers else "no weights found",
            model.sha256 or NONE,
        ]
        for model in results.models
    ]
    notes = [f"Not the paper's: {sentence}" for sentence in departures(results.params)]
    notes += results.params.face_models.licences()
    return Table("Models", ["model", "what", "sha256"], rows + networks(results), notes, words=True)
