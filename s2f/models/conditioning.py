"""How an embedding conditions a U-Net: as tokens to attend to, and as a vector beside the step's.

One vector as one token would make cross-attention constant (a softmax over one key is 1), so it becomes several, next
to a learned null token. The null condition is the zero vector: its rows get the null token and a learned null vector
alone, whatever the projections have learned.
"""

import math

import torch
from torch import Tensor, nn


class Condition(nn.Module):
    """From (b, embedding) of unit length, or zero, to tokens (b, 1 + n, token) and a vector (b, vector)."""

    def __init__(self, embedding: int, tokens: int, token: int, vector: int) -> None:
        super().__init__()
        self.scale = math.sqrt(embedding)  # unit vectors have entries near 1 / sqrt(dim)
        self.tokens = nn.Linear(embedding, tokens * token)
        self.norm = nn.LayerNorm(token)
        self.null_token = nn.Parameter(torch.randn(token))
        self.vector = nn.Sequential(nn.Linear(embedding, vector), nn.SiLU(), nn.Linear(vector, vector))
        self.null_vector = nn.Parameter(torch.zeros(vector))

    def forward(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and vector; rows of zeros are the null condition."""
        null = (embedding == 0).all(dim=1, keepdim=True)  # (b, 1)
        scaled = embedding * self.scale
        projected = self.norm(self.tokens(scaled).unflatten(1, (-1, self.norm.normalized_shape[0])))  # (b, n, token)
        nothing = self.null_token.to(projected.dtype).expand_as(projected[:, :1])
        # A softmax over equal keys is the null token itself: no mask needed.
        tokens = torch.cat([nothing, torch.where(null[:, :, None], nothing, projected)], dim=1)
        vector = self.vector(scaled)
        return tokens, torch.where(null, self.null_vector.to(vector.dtype), vector)
