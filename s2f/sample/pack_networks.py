"""The two small networks behind the sample's pack: an ArcFace-style embedder and an age/gender estimator.

Both take what insightface feeds its own: RGB, NCHW, about [−1, 1]. Both shrink the picture first: drawn faces have
little finer than that, and generated ones nothing.
"""

import torch
from torch import Tensor, nn

EMBEDDING = 512


def step(channels: int, out: int, stride: int) -> nn.Sequential:
    """Convolution 3×3, batch norm, PReLU."""
    return nn.Sequential(nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.PReLU(out))


class Residual(nn.Module):
    """x + step(x)."""

    def __init__(self, channels: int):
        super().__init__()
        self.step = step(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return x + self.step(x)


class Embedder(nn.Module):
    """Aligned faces (n, 3, 112, 112) → (n, 512), not normalised. Half a million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.AvgPool2d(2),
            step(3, 32, 2),  # 28
            step(32, 64, 2),  # 14
            Residual(64),
            step(64, 96, 2),  # 7
            Residual(96),
            nn.Conv2d(96, 12, 1),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.Linear(12 * 7 * 7, EMBEDDING, bias=False), nn.BatchNorm1d(EMBEDDING, affine=False))

    def forward(self, faces: Tensor) -> Tensor:
        """(n, 3, 112, 112) → (n, 512)."""
        return self.head(self.trunk(faces))


class AgeGender(nn.Module):
    """Faces (n, 3, 96, 96) → (n, 3): logits of female and male, age over 100."""

    def __init__(self) -> None:
        super().__init__()
        last = nn.Linear(64, 3)
        nn.init.constant_(last.bias, 0.5)  # age starts at 50 years
        self.trunk = nn.Sequential(
            nn.AvgPool2d(2),
            step(3, 16, 2),  # 24
            step(16, 32, 2),  # 12
            step(32, 64, 2),  # 6
            nn.Conv2d(64, 8, 1),
            nn.Flatten(),
            nn.Linear(8 * 6 * 6, 64),
            nn.PReLU(64),
            last,
        )

    def forward(self, faces: Tensor) -> Tensor:
        """(n, 3, 96, 96) → (n, 3)."""
        return self.trunk(faces)


class MarginClassifier(nn.Module):
    """ArcFace's loss (Deng et al. 2019): cross-entropy of scaled cosines, the true angle made wider by `margin`."""

    def __init__(self, people: int, scale: float = 24.0, margin: float = 0.2):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(people, EMBEDDING) * 0.02)
        self.scale, self.margin = scale, margin

    def forward(self, embeddings: Tensor, who: Tensor) -> Tensor:
        """Mean loss of (n, 512) embeddings for people (n,)."""
        cosine = nn.functional.normalize(embeddings) @ nn.functional.normalize(self.weight).T  # (n, people)
        theta = torch.acos(cosine.gather(1, who[:, None]).clamp(-0.999, 0.999))
        logits = cosine.scatter(1, who[:, None], torch.cos(theta + self.margin))
        return nn.functional.cross_entropy(self.scale * logits, who)
