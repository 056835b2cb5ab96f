"""Train the speech encoder on pairs of a voice and a face.

    python -m s2f.stages.train_speech_encoder --data data/speech_faces --out data/models/speech_encoder \
        --checkpoints data/checkpoints/speech_encoder
"""

from pathlib import Path

from s2f.models.encoders import ENCODERS
from s2f.params.base import read_section, read_seed
from s2f.params.matching import MatchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.runtime import file_sha256, run_command
from s2f.training.front_weights import start_front
from s2f.training.launch import Places, launch
from s2f.training.matching import Matching
from s2f.training.ranking import rank


def main(data: Path, out: Path, checkpoints: Path, params: Path = Path("params.yaml")) -> None:
    """Train until the last step, from the last checkpoint of the same run if there is one."""
    config = read_section(params, "speech_encoder", SpeechEncoderConfig)
    training = read_section(params, "speech_encoder_training", MatchingParams)
    front = training.front()
    launch(
        ENCODERS[config.architecture],
        config,
        Matching(training),
        ("spectrogram", "embedding"),
        training,
        read_seed(params),
        Places(data, out, checkpoints),
        prepare=(lambda model, _: start_front(model, front)) if front else None,
        ranking=rank,
        front=file_sha256(front) if front else None,
        spectrogram=read_section(params, "spectrogram", SpectrogramParams).model_dump(),
    )


if __name__ == "__main__":
    run_command(main)
