"""Age and gender of a face, as a network in this process estimates them: insightface's genderage, of either generation.

The present one (in buffalo_l) takes 96×96 around the box; that of 2018 takes ArcFace's aligned 112×112. These are
guesses from a face's looks, with errors of years and of whole groups of people, and say nothing of who someone is.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from s2f.faces.align import align, warp
from s2f.faces.detect import Face
from s2f.faces.onnx_models import load_model
from s2f.runtime import InputError, file_sha256

BOX_PX = 96
BOX_MARGIN = 1.5  # insightface's: crop side over the box's longer side
OUTPUTS_2018 = 202  # two for gender, then a hundred pairs, each a vote for one more year


class AgeGenderJudge:
    """Weights from an ONNX file or an insightface pack, a judge as s2f/faces/judges.py says; any thread may ask it.

    Raises:
        InputError: weights that cannot be had, fail their sha256, or have neither known layout.
    """

    def __init__(self, path_or_pack: str, sha256: str | None = None) -> None:
        self._model = load_model(path_or_pack, sha256, "genderage")
        self.name = Path(path_or_pack).name
        self.version = f"insightface {version('insightface')}"
        self.sha256 = file_sha256(self._model.model_file)
        self.others: Mapping[str, tuple[str, str]] = {}
        session = self._model.session
        pixels, outputs = session.get_inputs()[0].shape[2:], session.get_outputs()[0].shape[-1]
        if (pixels, outputs) not in (([96, 96], 3), ([112, 112], OUTPUTS_2018)):
            raise InputError(
                f"{path_or_pack}: maps {pixels} to {outputs} numbers; allowed: insightface's genderage, "
                f"96×96 to 3 or 112×112 to {OUTPUTS_2018}."
            )
        self._from_box = outputs == 3

    def judge(self, faces: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[tuple[float, float] | None]:
        """(age in years, probability of male) of each face, beside the uint8 (h, w, 3) RGB picture that it is in."""
        return [self._judge(image, face) for image, face in faces]

    def _judge(self, image: NDArray[np.uint8], face: Face) -> tuple[float, float]:
        if self._from_box:
            pixels = (crop_box(image, face.box).astype(np.float32) - self._model.input_mean) / self._model.input_std
            return decode_genderage(self._run(pixels))
        return decode_2018(self._run(align(image, face.keypoints).astype(np.float32)))

    def _run(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        blob = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
        return self._model.session.run(None, {self._model.input_name: blob})[0][0]


def crop_box(image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
    """What the 96×96 network sees of a face: uint8 (96, 96, 3) RGB, a square around `box` (l, t, r, b in pixels)."""
    left, top, right, bottom = (float(value) for value in box)
    half = BOX_MARGIN * max(right - left, bottom - top) / 2
    centre = np.array([left + right, top + bottom]) / 2
    return warp(image, np.array([centre - half, centre + half]), np.array([[0, 0], [BOX_PX, BOX_PX]]), BOX_PX)


def decode_genderage(outputs: NDArray[np.floating]) -> tuple[float, float]:
    """(years, male) of three outputs: logits of female and male, age over 100."""
    return float(outputs[2]) * 100, _second_of(outputs[:2])


def decode_2018(outputs: NDArray[np.floating]) -> tuple[float, float]:
    """(years, male) of 202 outputs: logits of female and male, then pairs of which the years reached vote second."""
    votes = outputs[2:].reshape(-1, 2)
    return float((votes[:, 1] > votes[:, 0]).sum()), _second_of(outputs[:2])


def _second_of(logits: NDArray[np.floating]) -> float:
    """The second of two classes' probability, by softmax."""
    difference = np.float64(logits[0]) - np.float64(logits[1])
    return float(1 / (1 + np.exp(np.clip(difference, -500, 500))))
