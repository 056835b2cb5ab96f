"""What the paper published, to be printed beside our numbers.

Kato & Hashimoto, "Speech-to-Face Conversion Using Denoising Diffusion Probabilistic Models", Interspeech 2023: tables 2
and 3. The third column of the craniofacial table is Oh et al., "Speech2Face", CVPR 2019: another protocol (two
normalised reconstructions, another landmarker), printed because the paper prints it, comparable with neither column.
"""

from dataclasses import dataclass

SOURCE = "Kato & Hashimoto, Interspeech 2023"


@dataclass(frozen=True)
class FacialRow:
    """Table 2: Pearson's r of age, and gender accuracy, at one w."""

    age_r: float
    gender_accuracy: float


@dataclass(frozen=True)
class CraniofacialRow:
    """Table 3: Pearson's r of one measure with its p as printed; Speech2Face's r."""

    r: float
    p: str
    speech2face_r: float


FACIAL = {
    "0": FacialRow(0.22, 0.83),
    "1": FacialRow(0.22, 0.85),
    "2": FacialRow(0.24, 0.85),
    "3": FacialRow(0.24, 0.86),
    "4": FacialRow(0.25, 0.85),
}

CRANIOFACIAL = {
    "upper_lip_height": CraniofacialRow(0.07, "<.001", 0.16),
    "lateral_upper_lip_height": CraniofacialRow(0.03, ">.05", 0.26),
    "jaw_width": CraniofacialRow(0.04, "<.002", 0.11),
    "nose_height": CraniofacialRow(0.02, "<.05", 0.14),
    "nose_width": CraniofacialRow(0.04, "<.001", 0.35),
    "labio_oral_region": CraniofacialRow(0.03, "<.02", 0.17),
    "mandibular_index": CraniofacialRow(0.02, "<.05", 0.20),
    "intercanthal_index": CraniofacialRow(0.02, ">.05", 0.21),
    "nasal_index": CraniofacialRow(0.08, "<.001", 0.38),
    "vermilion_height_index": CraniofacialRow(-0.01, ">.05", 0.29),
    "mouth_face_width_index": CraniofacialRow(0.01, ">.05", 0.20),
}
LEAST_R, MOST_R = (choose(row.r for row in CRANIOFACIAL.values()) for choose in (min, max))
WORDS = {name: name.replace("_", " ") for name in CRANIOFACIAL} | {
    "labio_oral_region": "labio-oral region",
    "mouth_face_width_index": "mouth-face width index",
}
RANDOM_PAIRS_R = 0.02  # nasal index, the only random baseline printed
