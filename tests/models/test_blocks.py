import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from s2f.models.blocks import Attention, ResBlock, attend, downsample, embed_step, head, picture, positions, upsample


def test_attention_equals_the_formula():
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 5, 6), torch.randn(2, 3, 6), torch.randn(2, 3, 6)
    expected = []
    for one in range(2):
        q, k, v = (x[..., 3 * one : 3 * one + 3] for x in (query, key, value))
        expected.append(torch.softmax(q @ k.transpose(1, 2) / 3**0.5, dim=-1) @ v)
    torch.testing.assert_close(attend(query, key, value, heads=2), torch.cat(expected, dim=-1))


def test_positions_and_picture_undo_each_other():
    x = torch.randn(2, 4, 3, 5)
    assert torch.equal(picture(positions(x), x.shape), x)
    assert torch.equal(positions(x)[1, 7], x[1, :, 1, 2])


def test_branches_are_residual():
    x, vector, tokens = torch.randn(2, 8, 4, 4), torch.randn(2, 6), torch.randn(2, 3, 10)
    block, attention = ResBlock(8, 8, vector=6, groups=4), Attention(8, heads=2, groups=4, token=10)
    for last in (block.conv_out, attention.itself.out, attention.across.out):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    assert torch.equal(block(x, vector), x)
    assert torch.equal(attention(x, tokens), x)


def test_nothing_starts_at_zero_since_lamb_would_leave_it_there():
    model = Attention(8, heads=2, groups=4, token=10)
    weights = [p for m in (ResBlock(8, 8, 6, 4), model, head(8, 4)) for p in m.parameters() if p.ndim > 1]
    assert all(weight.abs().max() > 0 for weight in weights)


def test_steps_are_told_apart():
    embedded = embed_step(torch.arange(2000), 16)
    assert embedded.shape == (2000, 16)
    assert torch.pdist(embedded).min() > 1e-3


def test_resizing_halves_and_doubles():
    x = torch.randn(1, 4, 8, 6)
    assert downsample(4, 5)(x).shape == (1, 5, 4, 3)
    assert upsample(4, 5)(x).shape == (1, 5, 16, 12)


@pytest.mark.parametrize(("channels", "heads", "positions"), [(512, 4, 32**2), (768, 4, 16**2), (1024, 4, 8**2)])
@pytest.mark.parametrize("tokens", [None, 9])  # to itself, and to the condition's eight tokens and the null token
def test_attention_of_the_paper_s_sizes_is_one_fused_kernel(channels, heads, positions, tokens):
    query = torch.randn(1, positions, channels, requires_grad=True)
    key, value = (torch.randn(1, tokens or positions, channels, requires_grad=True) for _ in range(2))
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION]):  # anything else is an error, and no scores are kept
        attend(query, key, value, heads).sum().backward()
    assert torch.isfinite(query.grad).all()
