"""Train the speech encoder on pairs of a voice and a face.

    python -m s2f.stages.train_speech_encoder --data data/speech_faces --out data/models/speech_encoder \
        --checkpoints data/checkpoints/speech_encoder
"""

from pathlib import Path

from s2f.models.speech_encoder import SpeechEncoder
from s2f.params.base import read_section, read_seed
from s2f.params.matching import MatchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.runtime import run_command
from s2f.training.launch import launch
from s2f.training.matching import Matching


def main(data: Path, out: Path, checkpoints: Path, params: Path = Path("params.yaml")) -> None:
    """Train until the last step, from the last checkpoint of the same run if there is one."""
    config = read_section(params, "speech_encoder", SpeechEncoderConfig)
    training = read_section(params, "speech_encoder_training", MatchingParams)
    launch(
        SpeechEncoder,
        config,
        Matching(training.crop_frames),
        ("spectrogram", "embedding"),
        training=training,
        seed=read_seed(params),
        data=data,
        out=out,
        checkpoints=checkpoints,
        spectrogram=read_section(params, "spectrogram", SpectrogramParams).model_dump(),
    )


if __name__ == "__main__":
    run_command(main)
