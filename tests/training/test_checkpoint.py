import json

import pytest
import torch
from torch import nn

from s2f.training.checkpoint import dataset_fingerprint, fingerprint, load_checkpoint, save_checkpoint
from s2f.training.optimiser import Lamb


def trained():
    model = nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)
    optimiser = Lamb(model.parameters(), 0.1, (0.9, 0.999), 0.0)
    model(torch.randn(1, 2, 4, 4)).square().sum().backward()
    optimiser.step()
    return model, optimiser


def test_model_average_optimiser_and_metadata_come_back_with_their_memory_layout(tmp_path):
    torch.manual_seed(0)
    model, optimiser = trained()
    average = nn.Conv2d(2, 3, 3)
    save_checkpoint(tmp_path, model, average, optimiser, step="5", fingerprint="mine", history="{}")
    other, other_optimiser = trained()
    other_average = nn.Conv2d(2, 3, 3)
    metadata = load_checkpoint(tmp_path, "mine", other, other_average, other_optimiser)
    assert (metadata["step"], metadata["history"]) == ("5", "{}")
    assert torch.equal(other.weight, model.weight)
    assert torch.equal(other_average.weight, average.weight)
    for one, two in zip(optimiser.state.values(), other_optimiser.state.values(), strict=True):
        for name in ("m", "v"):
            assert torch.equal(one[name], two[name])
            assert one[name].stride() == two[name].stride()
    assert other_optimiser.param_groups[0]["step"] == 1


def test_another_run_s_checkpoint_is_none_and_changes_nothing(tmp_path):
    model, optimiser = trained()
    save_checkpoint(tmp_path, model, None, optimiser, fingerprint="mine")
    other, other_optimiser = trained()
    before = other.weight.detach().clone()
    assert load_checkpoint(tmp_path, "theirs", other, None, other_optimiser) is None
    assert load_checkpoint(tmp_path / "nowhere", "mine", other, None, other_optimiser) is None
    assert torch.equal(other.weight, before)


def test_only_one_file_is_ever_there(tmp_path):
    model, optimiser = trained()
    for _ in range(2):
        save_checkpoint(tmp_path, model, None, optimiser, fingerprint="mine")
    assert len(list(tmp_path.iterdir())) == 1


def test_fingerprints_depend_on_values_not_on_their_order():
    assert fingerprint(a=1, b=[2]) == fingerprint(b=[2], a=1) != fingerprint(a=1, b=[3])


@pytest.mark.parametrize("name", ["manifest.json", "train/00000.parquet"])
def test_a_dataset_is_known_by_its_manifest_or_its_shards(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"rows": 1}))
    before = dataset_fingerprint(tmp_path)
    path.write_text(json.dumps({"rows": 10}))
    assert dataset_fingerprint(tmp_path) != before
