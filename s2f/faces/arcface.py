"""ArcFace embeddings: 512 numbers of unit length that are near for pictures of one person.

Embeddings of two networks do not mix: `name` and `sha256` say whose they are, and belong beside what is stored.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from s2f.faces.onnx_models import load_model
from s2f.runtime import InputError, file_sha256

EMBEDDING = 512
BATCH = 32  # pictures per call: bounds memory


class FaceEmbedder:
    """Weights from an ONNX file or an insightface pack.

    Raises:
        InputError: weights that cannot be had, fail their sha256, or do not make 512 numbers of 112×112 pictures.
    """

    def __init__(self, path_or_pack: str, sha256: str | None = None) -> None:
        self._model = load_model(path_or_pack, sha256, "recognition")
        self.name = path_or_pack
        self.sha256 = file_sha256(self._model.model_file)
        shape = tuple(self._model.input_shape)
        outputs = getattr(self._model, "output_shape", (None, None))[-1]
        if shape[2:] != (112, 112) or outputs != EMBEDDING:
            raise InputError(f"{path_or_pack}: maps {shape} to {outputs}; allowed: (n, 3, 112, 112) to {EMBEDDING}.")
        self._batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else BATCH

    def embed(self, aligned: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, 512), of aligned RGB faces, uint8 (n, 112, 112, 3)."""
        if len(aligned) == 0:
            return np.zeros((0, EMBEDDING), np.float32)
        # insightface takes blue-green-red, as OpenCV does.
        flipped = [np.ascontiguousarray(face[..., ::-1]) for face in aligned]
        batches = [flipped[start : start + self._batch] for start in range(0, len(flipped), self._batch)]
        features = np.concatenate([self._model.get_feat(batch) for batch in batches])
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        return (features / np.maximum(lengths, 1e-12)).astype(np.float32)
