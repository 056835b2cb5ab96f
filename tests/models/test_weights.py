import json
import pickle

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.weights import load_weights, save_weights
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.runtime import InputError


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1 / 64, embedding=5))
    model(torch.randn(2, 598, 257, 2))  # moves the running statistics
    path = tmp_path / "models" / "weights.safetensors"
    save_weights(model, path, spectrogram={"sample_rate": 16000}, dataset="abc")
    return model, path


def rewrite(path, change, metadata=None):
    tensors = load_file(path)
    change(tensors)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() if metadata is None else metadata
    save_file(tensors, path, metadata=metadata)


def test_weights_come_back_with_config_statistics_and_what_is_known_about_them(saved):
    model, path = saved
    loaded = load_weights(path)
    assert isinstance(loaded, SpeechEncoder)
    assert loaded.config == model.config
    assert loaded.about == {"spectrogram": {"sample_rate": 16000}, "dataset": "abc"}
    assert not loaded.training
    x = torch.randn(1, 598, 257, 2)
    assert torch.equal(loaded(x), model.eval()(x))


def test_the_kind_of_model_comes_from_the_file(tmp_path, decoder_config):
    save_weights(FaceDecoder(decoder_config), tmp_path / "w.safetensors")
    assert isinstance(load_weights(tmp_path / "w.safetensors"), FaceDecoder)


def test_the_same_weights_are_the_same_bytes(saved, tmp_path):
    model, path = saved
    for attempt in range(5):
        save_weights(model, tmp_path / "again", dataset="abc", spectrogram={"sample_rate": 16000})
        assert (tmp_path / "again").read_bytes() == path.read_bytes(), attempt


def test_nothing_else_is_left_beside_the_file(saved):
    _, path = saved
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_pickle_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps({"weight": 1}))
    with pytest.raises(InputError, match="not a safetensors file"):
        load_weights(path)
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="not a safetensors file"):
        load_weights(path)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_weights(tmp_path / "weights.safetensors")


def test_missing_misshapen_and_foreign_tensors_are_refused_by_name(saved):
    _, path = saved
    original = path.read_bytes()
    rewrite(path, lambda tensors: tensors.pop("out.bias"))
    with pytest.raises(InputError, match=r"'out.bias' is missing"):
        load_weights(path)
    path.write_bytes(original)
    rewrite(path, lambda tensors: tensors.update({"out.bias": torch.zeros(6)}))
    with pytest.raises(InputError, match=r"'out.bias' has shape \(6,\)"):
        load_weights(path)
    path.write_bytes(original)
    rewrite(path, lambda tensors: tensors.update({"extra": torch.zeros(1)}))
    with pytest.raises(InputError, match="'extra' is not part of the model"):
        load_weights(path)


def test_safetensors_without_a_config_and_with_a_bad_one_are_refused(saved):
    _, path = saved
    rewrite(path, lambda tensors: None, metadata={"format": "pt"})
    with pytest.raises(InputError, match="carries no s2f config"):
        load_weights(path)
    config = {"architecture": "speech2face", "width": 2.0, "layers": 0, "embedding": 5}
    rewrite(
        path,
        lambda tensors: None,
        metadata={"s2f": json.dumps({"kind": "speech_encoder", "config": config})},
    )
    with pytest.raises(InputError, match="width"):
        load_weights(path)
