import pytest
from ruamel.yaml import YAML

from s2f.models.weights import load_weights
from s2f.runtime import InputError
from s2f.stages import train_face_decoder, train_speech_encoder, train_super_resolution

STAGES = {
    "speech_encoder": train_speech_encoder,
    "face_decoder": train_face_decoder,
    "super_resolution": train_super_resolution,
}


@pytest.fixture
def params(tmp_path, encoder_config, decoder_config, enlarger_config, diffusion, training_params):
    """A params file of the tiny models, one step each."""
    training = training_params.model_copy(update={"steps": 1})
    sections = {
        "diffusion": diffusion,
        "speech_encoder": encoder_config,
        "face_decoder": decoder_config,
        "super_resolution": enlarger_config,
    } | {f"{name}_training": training for name in STAGES}
    content = {name: section.model_dump(mode="json") for name, section in sections.items()}
    content |= {"seed": 7, "spectrogram": SPECTROGRAM}
    with (tmp_path / "params.yaml").open("w") as file:
        YAML().dump(content, file)
    return tmp_path / "params.yaml"


SPECTROGRAM = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_trains_its_model_and_writes_what_generation_needs(name, params, portraits, speech_faces, tmp_path):
    data = speech_faces if name == "speech_encoder" else portraits
    out, checkpoints = tmp_path / "models" / name, tmp_path / "checkpoints" / name
    STAGES[name].main(data, out, checkpoints, params)
    model = load_weights(out / "weights.safetensors")
    assert model.kind == name
    assert len((out / "history.csv").read_text().splitlines()) == 3
    if name == "speech_encoder":
        assert model.about["spectrogram"] == SPECTROGRAM
    else:
        assert model.about["diffusion"] == {"steps": 100, "schedule": "cosine"}
    assert len(model.about["dataset"]) == 64


def test_too_small_a_dataset_is_one_sentence(params, speech_faces, tmp_path):
    text = params.read_text().replace("batch: 4", "batch: 64")
    params.write_text(text)
    with pytest.raises(InputError, match="8 rows are fewer than one batch; allowed: batch ≤ 8"):
        train_speech_encoder.main(speech_faces, tmp_path / "out", tmp_path / "checkpoints", params)
