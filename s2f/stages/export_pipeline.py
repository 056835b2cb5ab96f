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
from s2f.pipeline.pixels import from_pixels
from s2f.pipeline.portraits import choose_portraits, portrait_pixels
from s2f.pipeline.speech_to_face import SpeechToFacePipeline
from s2f.pipeline.trained import read_trained
from s2f.pipeline.variances import measure_errors
from s2f.runtime import derive_seed, progress, run_command


def main(models: Path, portraits: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Read, measure, write."""
    generation = read_section(params, "generation", GenerationParams)
    pipeline = SpeechToFacePipeline(read_trained(models), Drawing.of(generation))
    if generation.variance_pictures:
        add_errors(pipeline, portraits / "validation", generation.variance_pictures, read_seed(params))
    pipeline.save_pretrained(out)


def add_errors(pipeline: SpeechToFacePipeline, folder: Path, count: int, seed: int) -> None:
    """Give it x_0 errors of so many portraits, or of all there are."""
    rows = choose_portraits(folder, count)
    faces = from_pixels(np.stack([portrait_pixels(row, pipeline.image_px) for row in rows]))
    embeddings = torch.tensor([row["embedding"] for row in rows], dtype=torch.float32)
    seeds = [derive_seed(seed, "variance", row["image_id"]) for row in rows]
    with progress() as bar:
        task = bar.add_task("variances", total=len(rows), note="")
        errors = measure_errors(pipeline, faces, embeddings, seeds, lambda seen: bar.advance(task, seen))
    pipeline.models = replace(pipeline.models, x_0_error=errors)


if __name__ == "__main__":
    run_command(main)
