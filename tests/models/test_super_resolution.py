import pytest
import torch
from torch.nn import functional

from s2f.models.super_resolution import SuperResolution


def arguments(rows=2):
    generator = torch.Generator().manual_seed(0)
    x_t = torch.randn(rows, 3, 32, 32, generator=generator)
    low = torch.randn(rows, 3, 8, 8, generator=generator)
    t = torch.randint(2000, (rows,), generator=generator)
    level = 0.3 * torch.rand(rows, generator=generator)
    return x_t, t, low, level, functional.normalize(torch.randn(rows, 512, generator=generator))


def test_the_prediction_has_the_large_picture_s_shape(enlarger_config):
    assert SuperResolution(enlarger_config)(*arguments()).shape == (2, 3, 32, 32)


@torch.no_grad()
@pytest.mark.parametrize(("bias", "share"), [(-40.0, 0.0), (0.0, 0.5), (40.0, 1.0)])
def test_the_shortcut_goes_from_the_enlarged_picture_to_the_noisy_one(enlarger_config, bias, share):
    model = SuperResolution(enlarger_config)
    for parameter in [*model.head.parameters(), model.shortcut.share.weight]:
        torch.nn.init.zeros_(parameter)
    model.shortcut.share.bias.fill_(bias)
    x_t, t, low, level, embedding = arguments()
    enlarged = functional.interpolate(low, size=(32, 32), mode="bicubic")
    output = model(x_t, t, low, level, embedding)
    torch.testing.assert_close(output, enlarged + share * (x_t - enlarged), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_before_training_the_shortcut_is_nearly_bicubic(enlarger_config):
    x_t, t, low, level, embedding = arguments()
    enlarged = functional.interpolate(low, size=(32, 32), mode="bicubic")
    far = (SuperResolution(enlarger_config)(x_t, t, low, level, embedding) - enlarged).square().mean()
    assert far < 0.02 * (x_t - enlarged).square().mean()


@torch.no_grad()
@pytest.mark.parametrize("changed", range(5))
def test_every_argument_changes_the_prediction(enlarger_config, settle, changed):
    model = settle(SuperResolution(enlarger_config))
    given = list(arguments())
    other = list(given)
    other[changed] = (1999 - given[1]) if changed == 1 else 0.9 - given[3] if changed == 3 else -given[changed]
    assert (model(*given) - model(*other)).abs().max() > 1e-3


@torch.no_grad()
def test_no_embedding_is_the_null_condition(enlarger_config, settle):
    model = settle(SuperResolution(enlarger_config))
    x_t, t, low, level, embedding = arguments()
    assert torch.equal(model(x_t, t, low, level, None), model(x_t, t, low, level, torch.zeros_like(embedding)))


def test_the_embedding_can_be_turned_off(enlarger_config):
    model = SuperResolution(enlarger_config.model_copy(update={"embedding": 0}))
    assert model.condition is None
    assert model(*arguments()[:4]).shape == (2, 3, 32, 32)


def test_a_level_shrinks_before_its_blocks_and_grows_after_them(enlarger_config):
    model = SuperResolution(enlarger_config)
    sizes = []
    for name, module in model.named_modules():
        if name in ("down.1.0.block.conv_in", "up.1.0.block.conv_in"):
            module.register_forward_hook(lambda _, given, __: sizes.append(given[0].shape[-1]))
    model(*arguments())
    assert sizes == [16, 16]


@torch.no_grad()
def test_without_the_shortcut_the_network_alone_predicts(enlarger_config):
    model = SuperResolution(enlarger_config.model_copy(update={"shortcut": False}))
    for parameter in model.head.parameters():
        torch.nn.init.zeros_(parameter)
    assert model(*arguments()).abs().max() == 0
