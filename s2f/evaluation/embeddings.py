"""Embeddings as the evaluation takes them: (n, 512) of pictures, (n, k, 512) of a voice's samples, NaN for no face."""

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float64]
COSINES = (-1.0, 1.0)  # bounds of one
GAINS = (-2.0, 2.0)  # of one less another
ALIKE = 1e-6  # of an embedding's numbers: differences of rounding are none


def mean_embedding(faces: Embeddings) -> Embeddings:
    """(n, 512): the mean of what was found among the samples (n, k, 512), NaN where nothing was."""
    found = np.isfinite(faces[:, :, :1])
    count = found.sum(1)
    return np.where(count > 0, np.where(found, faces, 0.0).sum(1) / np.maximum(count, 1), np.nan)


def all_alike(vectors: NDArray[np.floating]) -> bool:
    """Whether all of these (n, d), at least one, are one and the same embedding."""
    middle = vectors.mean(0)
    return float(np.maximum(vectors.max(0) - middle, middle - vectors.min(0)).max()) < ALIKE


def no_cosine(asked: NDArray[np.floating], truth: NDArray[np.floating], name: str = "generated faces") -> str | None:
    """Why cosines of what is asked with (n, d) and true faces (m, d) would tell nobody apart, or None."""
    for side, vectors in ((name, asked), ("true faces", truth)):
        if len(vectors) > 1 and all_alike(vectors):
            return f"all {side} have one and the same embedding"
    return None


def normalise(vectors: Embeddings) -> Embeddings:
    """Vectors (…, d) of unit length; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)
