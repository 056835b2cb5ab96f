"""One step, and that it is the same step however it is computed."""

import shutil

import pytest
import torch

from s2f.dataset.batches import Batches
from s2f.diffusion.schedule import Schedule
from s2f.models.blocks import Layer
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.params.denoising import DenoisingParams
from s2f.training.drawing import DrawingFaces
from s2f.training.draws import draws_at
from s2f.training.enlarging import EnlargingFaces
from s2f.training.learner import Learner


@pytest.fixture
def stepped(portraits, decoder_config, enlarger_config, diffusion, training_params):
    """The model after two steps, and what the second came to."""

    def params(kind, **changes):
        content = training_params.model_dump() | {
            "min_snr_gamma": 0,
            "recompute": False,
            "shard": False,
            "show_steps": 1,
        }
        return DenoisingParams(**content | {"batch": 8} | changes)

    def stepped(kind="face_decoder", config=decoder_config, **changes):
        torch.manual_seed(0)
        if kind == "face_decoder":
            model, objective = FaceDecoder(config), DrawingFaces(config, Schedule(diffusion))
        else:
            model = SuperResolution(enlarger_config)
            objective = EnlargingFaces(enlarger_config, Schedule(diffusion), 8)
        learner = Learner(model, objective, params(kind, **changes))
        batches = Batches(portraits / "train", ("face", "embedding"), 8, 0)
        for step, batch in zip(range(2), batches.iterate(), strict=False):
            taken = learner.step(batch, draws_at(3, range(8), "cpu", step), 0.01)
        return model, taken

    return stepped


def assert_alike(one, other, tolerance):
    """Two models and what their last step came to."""
    torch.testing.assert_close(other[1].rows, one[1].rows, rtol=tolerance, atol=0)
    assert other[1].quarter.tolist() == one[1].quarter.tolist()
    assert other[1].norm == pytest.approx(one[1].norm, rel=tolerance)
    for p, q in zip(one[0].parameters(), other[0].parameters(), strict=True):
        torch.testing.assert_close(q, p, rtol=10 * tolerance, atol=1e-5)


@pytest.mark.parametrize("kind", ["face_decoder", "super_resolution"])
@pytest.mark.parametrize("micro_batch", [1, 3, 4])
def test_a_batch_in_several_passes_is_the_same_step(stepped, kind, micro_batch):
    assert_alike(stepped(kind), stepped(kind, micro_batch=micro_batch), 1e-4)


@pytest.mark.parametrize("kind", ["face_decoder", "super_resolution"])
def test_blocks_that_are_computed_again_give_the_same_step_and_keep_less(stepped, kind):
    kept = []

    def keep(tensor):
        kept.append(tensor.nbytes)
        return tensor

    found = []
    for recompute in (False, True):
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            found.append((stepped(kind, recompute=recompute), sum(kept)))
    (plain, whole), (again, less) = found
    assert_alike(plain, again, 1e-6)
    assert less < 0.7 * whole
    assert any(module.recompute for module in again[0].modules() if isinstance(module, Layer))


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++")
def test_a_compiled_model_takes_the_same_step(stepped, decoder_config):
    one_level = {"channel_multiples": (1,), "blocks": (1,), "attention_at": (1,)}  # soon compiled
    config = decoder_config.model_copy(update=one_level)
    assert_alike(stepped(config=config), stepped(config=config, compile=True), 1e-3)


def test_bf16_is_near_and_leaves_weights_in_float32(stepped):
    one, other = stepped(), stepped(precision="bf16")
    torch.testing.assert_close(other[1].rows, one[1].rows, rtol=0.2, atol=0.02)
    assert {parameter.dtype for parameter in other[0].parameters()} == {torch.float32}
    assert not torch.equal(other[1].rows, one[1].rows)
