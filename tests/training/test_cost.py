from pathlib import Path

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from s2f.models.blocks import SelfAttention
from s2f.models.weights import MODELS, build
from s2f.params.experiment import read_experiment
from s2f.training.cost import cost_of, costs, inputs_of, traced
from s2f.training.pace import random_batch, seconds_per_step

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample():
    return read_experiment(ROOT / "params.yaml")


@pytest.fixture(scope="module")
def paper():
    return read_experiment(ROOT / "params.paper.yaml")


@pytest.fixture(scope="module")
def paper_costs(paper):
    """The paper's three models, traced once: on eight devices."""
    return costs(paper, processes=8)


def test_flops_are_two_for_each_multiplication_and_the_input_needs_no_gradient():
    rows, across, out = 5, 7, 11

    def two_layers():
        return nn.Sequential(nn.Linear(across, out), nn.Linear(out, out))

    first, second = 2 * rows * across * out, 2 * rows * out * out
    assert traced(two_layers, [(rows, across)], False)[0] == 2 * first + 3 * second


def test_attention_is_counted():
    rows, channels, side = 2, 8, 4
    positions, products = side**2, 4 * channels**2  # query, key, value; out
    linear = 2 * rows * positions * products
    attending = 2 * 2 * rows * positions**2 * channels
    again = 2.5 * attending  # three products for gradients of two, and the scores once more
    assert (
        traced(lambda: SelfAttention(channels, heads=2, groups=2), [(rows, channels, side, side)], False)[0]
        == 3 * linear + attending + again
    )


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("bf16", [False, True])
def test_as_many_bytes_are_kept_as_by_a_step_that_computes(sample, kind, bf16):
    shapes = inputs_of(kind, sample, 2)
    counted = traced(lambda: build(kind, getattr(sample, kind)).train(), shapes, bf16)[1]
    model, kept = build(kind, getattr(sample, kind)).train(), {}
    owned = {one.untyped_storage().data_ptr() for one in [*model.parameters(), *model.buffers()]}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)  # held, so that no address comes again
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        model(*(torch.zeros(shape) for shape in shapes))
    assert counted == pytest.approx(sum(size for size, _ in kept.values()), rel=0.02)


def test_the_papers_models_cost_what_they_cost(paper_costs):
    encoder = paper_costs["speech_encoder"]
    assert encoder.parameters == 133_379_328
    # 178 GFLOP forwards; twice that backwards, but for the gradient of the spectrogram itself.
    assert 2.9 * 178e9 < encoder.flops_per_row < 3 * 179e9
    assert encoder.state_bytes == 16 * encoder.parameters  # no average
    assert encoder.fed_bytes_per_row == 598 * 257 * 2 * 2 + 512 * 4
    decoder = paper_costs["face_decoder"]
    assert decoder.state_bytes == 20 * decoder.parameters
    assert decoder.flops == decoder.flops_per_row * 64 * 1_900_000


@pytest.mark.parametrize("architecture", ["hubert", "wavlm"])
def test_a_transformer_s_step_is_traced_too(sample, architecture):
    config = sample.speech_encoder.model_copy(update={"architecture": architecture, "width": 1 / 12, "layers": 2})
    cost = cost_of("speech_encoder", sample.model_copy(update={"speech_encoder": config}))
    assert cost.flops_per_row > 0 and cost.kept_bytes_per_row > 0


def test_what_the_papers_params_and_the_readme_say_of_its_trainings_is_what_they_take(paper_costs):
    said, longest_one = (ROOT / "params.paper.yaml").read_text(), paper_costs["super_resolution"]
    days = {kind: cost.flops / 400e12 / 86_400 for kind, cost in paper_costs.items()}
    longest, whole = days["super_resolution"], sum(days.values())
    assert f"{longest_one.flops:.1e} FLOP, {longest:.0f} days of what reaches 400 TFLOP/s" in said
    assert f"{whole:.0f} days of one GPU that reaches 400 TFLOP/s, of eight {whole / 8:.0f}" in said
    assert f"# {longest_one.memory_bytes / 1e9:.0f} GB on each GPU" in said
    assert f"{whole:.0f} days of a GPU that reaches 400 TFLOP/s" in (ROOT / "README.md").read_text()


def test_a_step_takes_less_memory_with_crops_and_fewer_rows_at_once(sample):
    def cost(**changes):
        training = sample.super_resolution_training.model_copy(update={"crop_px": 0} | changes)
        return cost_of("super_resolution", sample.model_copy(update={"super_resolution_training": training}))

    whole = cost(batch=16)
    assert cost(crop_px=64).kept_bytes_per_row < 0.3 * whole.kept_bytes_per_row
    assert whole.memory_bytes - cost(batch=8).memory_bytes == 8 * whole.kept_bytes_per_row
    assert whole.memory_bytes - cost(batch=16, micro_batch=4).memory_bytes == 12 * whole.kept_bytes_per_row


@pytest.mark.parametrize("kind", MODELS)
def test_steps_are_measured_on_rows_such_as_the_corpus_has(sample, kind):
    training = getattr(sample, f"{kind}_training").model_copy(update={"batch": 2})
    small = sample.model_copy(update={f"{kind}_training": training})
    assert {len(values) for values in random_batch(kind, small).values()} == {2}
    fed = sum(values.nbytes for values in random_batch(kind, small).values())
    assert fed == 2 * cost_of(kind, small).fed_bytes_per_row
    assert 0 < seconds_per_step(kind, small, 1) < 60


def test_processes_share_a_batch_s_memory_and_of_a_sharded_model_the_state(sample):
    def cost(processes, **changes):
        training = sample.face_decoder_training.model_copy(update={"batch": 64, "micro_batch": 0} | changes)
        return cost_of("face_decoder", sample.model_copy(update={"face_decoder_training": training}), processes)

    one, eight = cost(1), cost(8)
    assert (one.at_once, eight.at_once) == (64, 8) and one.state_bytes == eight.state_bytes
    assert cost(8, shard=True).state_bytes == pytest.approx(one.state_bytes / 8, rel=1e-6)
    assert cost(1, shard=True).state_bytes == one.state_bytes


def test_what_params_and_readme_say_of_recomputing_is_what_it_takes(paper, paper_costs):
    stays = {}
    for kind, more in (("face_decoder", 1 / 4), ("super_resolution", 1 / 6)):  # "a quarter", "a sixth"
        training = getattr(paper, f"{kind}_training").model_copy(update={"recompute": True})
        again = cost_of(kind, paper.model_copy(update={f"{kind}_training": training}))
        plain = paper_costs[kind]
        assert again.flops_per_row / plain.flops_per_row - 1 == pytest.approx(more, abs=0.02)
        stays[kind] = round(100 * again.kept_bytes_per_row / plain.kept_bytes_per_row)
    small, large = stays["face_decoder"], stays["super_resolution"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"{large} % stay, for a sixth more work; of the decoder's {small} %, for a quarter" in readme
    for name in ("params.yaml", "params.paper.yaml"):
        less = (
            f"{100 - large} to {100 - small} % less is kept for the backward pass, for a sixth to a quarter more work"
        )
        assert less in (ROOT / name).read_text()
