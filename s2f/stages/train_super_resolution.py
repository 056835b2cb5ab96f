"""Train super-resolution on portraits, each beside its own shrunken copy.

    python -m s2f.stages.train_super_resolution --data data/portraits --out data/models/super_resolution \
        --checkpoints data/checkpoints/super_resolution
"""

from pathlib import Path

from s2f.diffusion.schedule import Schedule
from s2f.models.super_resolution import SuperResolution
from s2f.params.base import read_section, read_seed
from s2f.params.diffusion import DiffusionParams
from s2f.params.enlarging import EnlargingParams
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.runtime import run_command
from s2f.training.enlarging import EnlargingFaces
from s2f.training.launch import Places, launch
from s2f.training.showing import Showing
from s2f.training.shown_enlargements import ShownEnlargements


def main(data: Path, out: Path, checkpoints: Path, params: Path = Path("params.yaml")) -> None:
    """Train until the last step, from the last checkpoint of the same run if there is one."""
    config = read_section(params, "super_resolution", SuperResolutionConfig)
    diffusion = read_section(params, "diffusion", DiffusionParams)
    training = read_section(params, "super_resolution_training", EnlargingParams)
    seed, schedule = read_seed(params), Schedule(diffusion)
    launch(
        SuperResolution,
        config,
        EnlargingFaces(config, schedule, training.crop_px, training.min_snr_gamma),
        ("face", "embedding"),
        training,
        seed,
        Places(data, out, checkpoints),
        showing=Showing(ShownEnlargements(schedule, seed), training.show_steps),
        diffusion=diffusion.model_dump(),
    )


if __name__ == "__main__":
    run_command(main)
