"""Both corpora must have been looked at by one network, and be large enough to be trained on.

Its output is that network's sha256, so a corpus that grew re-runs this half second and then only its own trainings. The
speech encoder, which a whole run trains first, waits for it: what it says must be understood by what learnt from
portraits. Those models know nothing of the paired corpus, this check of it included.

    python -m s2f.stages.check_corpora --speech-faces data/speech_faces --portraits data/portraits --out data/corpora.ok
"""

import json
from pathlib import Path
from typing import Any

from s2f.params.base import read_section
from s2f.params.denoising import DenoisingParams
from s2f.params.enlarging import EnlargingParams
from s2f.params.matching import MatchingParams
from s2f.params.training import TrainingParams
from s2f.runtime import InputError, run_command


def main(speech_faces: Path, portraits: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Compare the manifests with each other and with the batches."""
    network = common_network(speech_faces, portraits)
    check_rows(speech_faces, "speech_encoder_training", read_section(params, "speech_encoder_training", MatchingParams))
    check_rows(portraits, "face_decoder_training", read_section(params, "face_decoder_training", DenoisingParams))
    check_rows(
        portraits, "super_resolution_training", read_section(params, "super_resolution_training", EnlargingParams)
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f"{network}\n", encoding="utf-8")


def common_network(speech_faces: Path, portraits: Path) -> str:
    """The sha256 of the network that made all embeddings: a voice's are drawn by what learnt from portraits'.

    Raises:
        InputError: there are two.
    """
    one, other = (read_manifest(folder)["recipe"]["arcface"] for folder in (speech_faces, portraits))
    if one["sha256"] != other["sha256"]:
        raise InputError(
            f"{speech_faces} holds embeddings of {one['name']} ({one['sha256'][:12]}…), {portraits} of {other['name']} "
            f"({other['sha256'][:12]}…), and their spaces do not mix; build one of them again with the other's arcface."
        )
    return str(one["sha256"])


def check_rows(folder: Path, section: str, training: TrainingParams) -> None:
    """At least one batch.

    Raises:
        InputError: fewer.
    """
    rows = read_manifest(folder)["rows"]["train"]
    if rows < training.batch:
        raise InputError(
            f"params.yaml: {section}.batch {training.batch} is more than {folder} has to train on; "
            f"allowed: 1 to {rows}, its rows."
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a corpus says of itself.

    Raises:
        InputError: it says nothing.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{path}: no such file; allowed: a corpus that a flow has built to its end.")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    run_command(main)
