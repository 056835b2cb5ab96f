"""Stage: the three trained models as one folder that loads in one line, with how it draws.

    python -m s2f.stages.export_pipeline --models data/models --portraits data/portraits --out data/models/pipeline

In diffusers' convention (s2f/pipeline/folder.py). Some validation portraits say what sampler 'analytic' needs.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from s2f.params.base import read_section, read_seed
from s2f.params.generation import GenerationParams
from s2f.pipeline.drawing import Drawing
from s2f.pipeline.folder import write_folder
from s2f.pipeline.parts import Parts
from s2f.pipeline.pixels import from_pixels
from s2f.pipeline.portraits import choose_portraits, portrait_pixels
from s2f.pipeline.trained import read_trained
from s2f.pipeline.variances import measure_errors
from s2f.runtime import derive_seed, run_command


def main(models: Path, portraits: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Read, measure, write."""
    generation = read_section(params, "generation", GenerationParams)
    trained = read_trained(models)
    if generation.variance_pictures:
        trained = with_errors(trained, portraits / "validation", generation.variance_pictures, read_seed(params))
    write_folder(trained, Drawing.of(generation), out)


def with_errors(models: Parts, folder: Path, count: int, seed: int) -> Parts:
    """The same with x_0 errors of so many portraits, or of all there are."""
    rows = choose_portraits(folder, count)
    px = models.super_resolution.config.image_px
    faces = from_pixels(np.stack([portrait_pixels(row, px) for row in rows]))
    embeddings = torch.tensor([row["embedding"] for row in rows], dtype=torch.float32)
    seeds = [derive_seed(seed, "variance", row["image_id"]) for row in rows]
    return replace(models, x_0_error=measure_errors(models, faces, embeddings, seeds))


if __name__ == "__main__":
    run_command(main)
