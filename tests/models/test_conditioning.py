import torch
from torch.nn import functional

from s2f.models.conditioning import Condition


def make():
    torch.manual_seed(0)
    condition = Condition(embedding=16, tokens=3, token=8, vector=12)
    torch.nn.init.normal_(condition.null_vector)
    torch.nn.init.normal_(condition.tokens.bias)
    return condition


def test_a_row_of_zeros_is_the_learned_null_condition_alone():
    condition = make()
    embedding = functional.normalize(torch.randn(3, 16))
    embedding[1] = 0
    tokens, vector = condition(embedding)
    assert torch.equal(tokens[1], condition.null_token.expand(4, 8))
    assert torch.equal(vector[1], condition.null_vector)
    assert not torch.allclose(vector[0], condition.null_vector)


def test_null_does_not_depend_on_what_the_projections_learned():
    condition = make()
    before = condition(torch.zeros(1, 16))
    torch.nn.init.normal_(condition.tokens.weight)
    torch.nn.init.normal_(condition.vector[0].bias)
    after = condition(torch.zeros(1, 16))
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_an_embedding_becomes_several_different_tokens_after_the_null_token():
    condition = make()
    tokens, _ = condition(functional.normalize(torch.randn(2, 16)))
    assert tokens.shape == (2, 4, 8)
    assert torch.equal(tokens[0, 0], condition.null_token)
    assert torch.cdist(tokens[0], tokens[0]).add(torch.eye(4)).min() > 0.1


def test_only_rows_of_exact_zeros_get_no_gradient_into_the_projections():
    condition = make()
    condition(torch.zeros(2, 16))[0].sum().backward()
    assert condition.tokens.weight.grad.abs().sum() == 0
    assert condition.null_token.grad.abs().sum() > 0
