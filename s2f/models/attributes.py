"""Age and gender as tokens a U-Net attends to, beside the embedding's: the voice is held and the age changed.

Each has a learned token of its own for "not known", which is what most portraits, and all voices, come with.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

YEARS = 50.0  # what ages are counted in: 0 to 2, as networks like numbers


class Attributes(nn.Module):
    """From (b, n) numbers, years or a gender's, to tokens (b, n, token) and a vector (b, vector)."""

    def __init__(self, names: Sequence[str], token: int, vector: int) -> None:
        super().__init__()
        self.names = tuple(names)
        self.tokens = nn.ModuleDict(
            {name: nn.Sequential(nn.Linear(1, token), nn.SiLU(), nn.Linear(token, token)) for name in names}
        )
        self.null = nn.ParameterDict({name: nn.Parameter(torch.randn(token)) for name in names})
        self.vector = nn.Sequential(nn.Linear(len(names) * token, vector), nn.SiLU(), nn.Linear(vector, vector))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and vector; what is no number is not known."""
        found = []
        for index, name in enumerate(self.names):
            value = values[:, index : index + 1]
            scaled = torch.nan_to_num(value) / (YEARS if name == "age" else 1.0)
            token = self.tokens[name](scaled)
            found.append(torch.where(value.isnan(), self.null[name].to(token.dtype), token))
        tokens = torch.stack(found, dim=1)
        return tokens, self.vector(tokens.flatten(1))
