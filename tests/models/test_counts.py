from pathlib import Path

import pytest
import torch

from s2f.models.blocks import CrossAttention, Layer, ResBlock, SelfAttention
from s2f.models.counts import count_parameters
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.params.experiment import read_experiment

PROJECT = Path(__file__).parents[2]
PAPER = PROJECT / "params.paper.yaml"


@pytest.fixture(scope="module")
def paper():
    return read_experiment(PAPER)


@pytest.fixture(scope="module")
def decoder(paper):
    with torch.device("meta"):
        return FaceDecoder(paper.face_decoder)


@pytest.fixture(scope="module")
def enlarger(paper):
    with torch.device("meta"):
        return SuperResolution(paper.super_resolution)


def blocks(layers):
    return [layer for layer in layers if isinstance(layer, Layer)]


def test_the_paper_s_models_are_as_large_as_stated():
    counts = dict(count_parameters(PAPER))
    assert counts == {"speech_encoder": 133_379_328, "face_decoder": 561_026_819, "super_resolution": 388_020_611}


def test_the_sample_s_models_are_small():
    assert all(count < 10_000_000 for _, count in count_parameters(PROJECT / "params.yaml"))


def test_the_paper_s_decoder_has_its_table_s_levels(decoder):
    assert [len(blocks(level)) for level in decoder.down] == [3, 3, 3, 3]
    assert [blocks(level)[-1].block.conv_out.out_channels for level in decoder.down] == [256, 512, 768, 1024]
    assert [len(blocks(level)) for level in decoder.up] == [4, 4, 4, 4]  # ADM's: one more on the way up
    attends = [[layer.attention is not None for layer in blocks(level)] for level in decoder.down]
    assert attends == [[False] * 3, [True] * 3, [True] * 3, [True] * 3]


def test_the_paper_s_decoder_sees_the_maps_the_table_names(decoder):
    sizes = {}

    def note(_, given, __):
        sizes[given[0].shape[-1]] = given[0].shape[1]

    hooks = [m.register_forward_hook(note) for m in decoder.modules() if isinstance(m, SelfAttention)]
    decoder(*(torch.zeros(shape, device="meta") for shape in ((1, 3, 64, 64), (1,), (1, 512))))
    for hook in hooks:
        hook.remove()
    assert sizes == {32: 512, 16: 768, 8: 1024}


def test_heads_groups_and_tokens_are_the_table_s(decoder, enlarger):
    for model, groups in ((decoder, 32), (enlarger, 16)):
        attentions = [m for m in model.modules() if isinstance(m, SelfAttention | CrossAttention)]
        assert attentions and {attention.heads for attention in attentions} == {4}
        assert {m.norm_in.num_groups for m in model.modules() if isinstance(m, ResBlock)} == {groups}
        assert model.condition.norm.normalized_shape[0] * 8 == model.condition.tokens.out_features


def test_the_paper_s_enlarger_has_most_blocks_where_the_picture_is_small(enlarger):
    assert [len(level) for level in enlarger.down] == [1, 1, 2, 4, 8]
    assert [len(level) for level in enlarger.up] == [1, 1, 2, 4, 8]
    assert [level[-1].block.conv_out.out_channels for level in enlarger.down] == [64, 128, 256, 512, 1024]
    assert [any(layer.attention for layer in level) for level in enlarger.down] == [False] * 4 + [True]


def test_training_rows_are_the_paper_s(paper):
    row = {
        "speech_encoder": (430_000, 128, 1e-3, 0.0, 0.95, 10_000),
        "face_decoder": (1_900_000, 64, 2e-4, 20.0, 1.0, 10_000),
        "super_resolution": (7_400_000, 128, 5e-5, 20.0, 1.0, 10_000),
    }
    for name, expected in row.items():
        training = getattr(paper, f"{name}_training")
        assert expected == (
            training.steps,
            training.batch,
            training.learning_rate,
            training.warmup_epochs,
            training.decay,
            training.decay_steps,
        )
    assert (paper.diffusion.steps, paper.diffusion.schedule) == (2000, "cosine")
    assert {paper.face_decoder.prediction, paper.super_resolution.prediction} == {"epsilon"}
    assert paper.face_decoder.condition_dropout == 0.1
