"""Train the face decoder on portraits and their own embeddings: it never sees the pairs of voice and face.

    python -m s2f.stages.train_face_decoder --data data/portraits --out data/models/face_decoder \
        --checkpoints data/checkpoints/face_decoder
"""

from collections.abc import Sequence
from pathlib import Path

from s2f.dataset.row_groups import count_known
from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.params.base import read_section, read_seed
from s2f.params.denoising import DenoisingParams
from s2f.params.diffusion import DiffusionParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.runtime import InputError, run_command
from s2f.training.drawing import DrawingFaces
from s2f.training.launch import Places, launch
from s2f.training.least_squares import start_from_regression
from s2f.training.showing import Showing
from s2f.training.shown_faces import ShownFaces


def main(data: Path, out: Path, checkpoints: Path, params: Path = Path("params.yaml")) -> None:
    """Train until the last step, from the last checkpoint of the same run if there is one."""
    config = read_section(params, "face_decoder", FaceDecoderConfig)
    diffusion = read_section(params, "diffusion", DiffusionParams)
    training = read_section(params, "face_decoder_training", DenoisingParams)
    check_labels(data, config.attributes)
    seed, schedule = read_seed(params), Schedule(diffusion)
    launch(
        FaceDecoder,
        config,
        DrawingFaces(config, schedule, training.min_snr_gamma),
        ("face", "embedding", *config.attributes),
        training,
        seed,
        Places(data, out, checkpoints),
        prepare=start_from_regression,
        showing=Showing(ShownFaces(schedule, seed), training.show_steps),
        diffusion=diffusion.model_dump(),
    )


def check_labels(data: Path, attributes: Sequence[str]) -> None:
    """Somebody must be known by each.

    Raises:
        InputError: nobody is.
    """
    for name in attributes:
        if not count_known(data / "train", name):
            raise InputError(
                f"params.yaml: face_decoder.attributes names {name}, and {data} knows it of no portrait; "
                "allowed: what the source's labels.csv says, or []."
            )


if __name__ == "__main__":
    run_command(main)
