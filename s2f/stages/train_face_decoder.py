"""Train the face decoder on portraits and their own embeddings: it never sees the pairs of voice and face.

    python -m s2f.stages.train_face_decoder --data data/portraits --out data/models/face_decoder \
        --checkpoints data/checkpoints/face_decoder
"""

from pathlib import Path

from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.params.base import read_section, read_seed
from s2f.params.denoising import DenoisingParams
from s2f.params.diffusion import DiffusionParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.runtime import run_command
from s2f.training.drawing import DrawingFaces
from s2f.training.launch import launch
from s2f.training.least_squares import start_from_regression
from s2f.training.showing import Showing
from s2f.training.shown_faces import ShownFaces


def main(data: Path, out: Path, checkpoints: Path, params: Path = Path("params.yaml")) -> None:
    """Train until the last step, from the last checkpoint of the same run if there is one."""
    config = read_section(params, "face_decoder", FaceDecoderConfig)
    diffusion = read_section(params, "diffusion", DiffusionParams)
    training = read_section(params, "face_decoder_training", DenoisingParams)
    seed, schedule = read_seed(params), Schedule(diffusion)
    launch(
        FaceDecoder,
        config,
        DrawingFaces(config, schedule, training.min_snr_gamma),
        ("face", "embedding", *config.attributes),
        training=training,
        seed=seed,
        data=data,
        out=out,
        checkpoints=checkpoints,
        prepare=start_from_regression,
        showing=Showing(ShownFaces(schedule, seed), training.show_steps),
        recomputing=training.recompute,
        diffusion=diffusion.model_dump(),
    )


if __name__ == "__main__":
    run_command(main)
