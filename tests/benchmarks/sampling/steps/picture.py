"""A picture of a study: a row per person, the true face, then what each way makes of the same noise."""

import numpy as np
import torch

from s2f.faces.images import encode_png
from s2f.pipeline.pixels import to_pixels
from s2f.reporting.pictures import sheet
from tests.benchmarks.sampling.steps.table import walk

PEOPLE = 5


def faces_sheet(subjects, ways, keep):
    """PNG of the first few people, from what `draw` has kept of every way."""
    drawn = [to_pixels(torch.from_numpy(np.load(keep / way.name / "000.npz")["images"][:PEOPLE])) for way in ways]
    rows = [
        [subject.picture, *map(encode_png, faces)] for subject, *faces in zip(subjects[:PEOPLE], *drawn, strict=True)
    ]
    return sheet(["true face", *(walk(way.decode) for way in ways)], rows)
