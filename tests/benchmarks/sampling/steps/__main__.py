"""Few steps against all of them: what each sampler makes of the same noise for unseen people, at its price.

    python -m tests.benchmarks.sampling.steps --keep DIR           (from the repository's root, after `make repro`)
    python -m tests.benchmarks.sampling.steps --keep DIR --way dpmsolver++:8 --way analytic:8 --pipeline … --people …

Faces are drawn from the *true* embeddings of people that no training saw, for there the model has most to say. All
ways are compared with the full walk, ancestral sampling with every step of the training's noise. It takes hours: DIR
keeps every batch, and the same command goes on. Two processes with OMP_NUM_THREADS=1, one of them `--backwards`, share
the work, and `--compiled` does it in three quarters of the time. The table goes into EXPERIMENTS.md, by hand; with
`--picture FILE` some people's faces by every way are put beside each other.

A way is SAMPLER:STEPS of the decoder, followed where wanted by /SAMPLER:STEPS of the enlarger and @W, ^THRESHOLD or
~NOISE (another draw of it), in that order: dpmsolver++:8/ddim:4@3^0.995. What is left out is the pipeline's own.
"""

import argparse
import datetime
import hashlib
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch._inductor import config

from s2f.diffusion.solvers import SCHEDULERS, Walk
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.detect import FaceDetector
from s2f.params.base import read_section
from s2f.params.face_models import FaceModelsParams
from s2f.pipeline import SpeechToFacePipeline
from s2f.pipeline.pixels import to_pixels
from s2f.stages.generate_faces import split
from tests.benchmarks.sampling.steps import quality, table
from tests.benchmarks.sampling.steps.drawing import BATCH, Way, claim, draw
from tests.benchmarks.sampling.steps.picture import faces_sheet
from tests.benchmarks.sampling.steps.subjects import read_subjects

FORM = re.compile(
    r"(?P<decode>[\w+]+:\d+)(/(?P<enlarge>[\w+]+:\d+))?(@(?P<w>-?[\d.]+))?(\^(?P<threshold>[\d.]+))?(~(?P<noise>\d+))?"
)
FEW = [f"{sampler}:{steps}" for steps in (4, 8, 16, 32) for sampler in SCHEDULERS]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sampling.steps")
    parser.add_argument("--pipeline", type=Path, default=Path("data/models/pipeline"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="whose face_models look at the faces")
    parser.add_argument(
        "--people", type=Path, nargs="+", default=[Path("data/portraits/validation"), Path("data/speech_faces/test")]
    )
    parser.add_argument("--way", action="append", help="one to measure; if not given, every sampler with 4 to 32 steps")
    parser.add_argument("--against", help="the way that others are compared with; if not given, every step by both")
    parser.add_argument("--keep", type=Path, required=True, help="folder for what was drawn")
    parser.add_argument("--backwards", action="store_true", help="begin at the last batch: beside another process")
    parser.add_argument("--compiled", action="store_true", help="both networks, by torch.compile")
    parser.add_argument("--picture", type=Path, help="a PNG of some people's faces by every way")
    asked = parser.parse_args()
    pipeline = SpeechToFacePipeline.from_pretrained(asked.pipeline, device="cpu")
    subjects = read_subjects(asked.people)
    claim(asked.keep, what_is_drawn(pipeline, subjects, asked.compiled))
    full = way_of(asked.against, pipeline.drawing) if asked.against else full_way(pipeline)
    ways = [full, *(way_of(text, pipeline.drawing) for text in asked.way or FEW)]
    if asked.compiled:
        compile_networks(pipeline, subjects)
    params = read_section(asked.params, "face_models", FaceModelsParams)
    looking = FaceDetector(params.detector_score), FaceEmbedder(params.arcface, params.arcface_sha256)
    found = {
        way: measure(subjects, draw(pipeline, subjects, way, asked.keep, tell, asked.backwards), looking)
        for way in dict.fromkeys(ways)
    }
    if asked.picture:
        asked.picture.write_bytes(faces_sheet(subjects, list(found), asked.keep))
    truth = quality.Truth(
        np.stack([one.embedding for one in subjects]).astype(float),
        np.unique([one.person for one in subjects], return_inverse=True)[1],
    )
    compare(found, full, truth)
    people = len({one.person for one in subjects})
    print(f"{datetime.date.today()}, {os.cpu_count()} cores; N = {len(subjects)} faces of {people} people.\n")
    print("\n".join(table.rows(found, full)))


def what_is_drawn(pipeline, subjects, compiled):
    """All that decides a kept picture or its time, and is in no folder's name."""
    people = hashlib.sha256(json.dumps([one.id for one in subjects]).encode()).hexdigest()
    computed = {"compiled": compiled, "threads": torch.get_num_threads()}
    return {"models": pipeline.models.sha256, "noise": pipeline.drawing.noise_level, "people": people, **computed}


def full_way(pipeline):
    """All of the training's steps by both networks."""
    everything = Walk("ancestral", pipeline.models.diffusion.steps)
    return Way(everything, everything, pipeline.drawing.guidance)


def way_of(text, drawing):
    """The way that a text asks for."""
    given = FORM.fullmatch(text)
    if given is None or any(walk and walk.split(":")[0] not in SCHEDULERS for walk in given.group("decode", "enlarge")):
        raise SystemExit(
            f"--way {text}: allowed: SAMPLER:STEPS[/SAMPLER:STEPS][@W][^THRESHOLD][~NOISE], SAMPLER one of "
            f"{', '.join(SCHEDULERS)}."
        )
    decode, enlarge = (
        walk and Walk(walk.split(":")[0], int(walk.split(":")[1])) for walk in given.group("decode", "enlarge")
    )
    threshold = float(given["threshold"] or drawing.decode.threshold)
    w = drawing.guidance if given["w"] is None else float(given["w"])
    return Way(decode._replace(threshold=threshold), enlarge or drawing.enlarge, w, int(given["noise"] or 0))


def compile_networks(pipeline, subjects):
    """For batches of the sizes that there will be, and before any is timed."""
    config.freezing = True  # weights are laid out once
    for model in (pipeline.models.face_decoder, pipeline.models.super_resolution):
        model.compile(dynamic=False)
    for size in {len(batch) for batch in split(subjects, BATCH)}:
        embeddings, seeds = torch.from_numpy(np.stack([one.embedding for one in subjects[:size]])), list(range(size))
        pipeline.enlarge(pipeline.decode(embeddings, seeds, walk=Walk("ddim", 1)), embeddings, seeds, Walk("ddim", 1))


def measure(subjects, drawn, looking):
    """What can be said of a way alone."""
    embeddings, faces = quality.embed(
        (pixels for image in drawn.large for pixels in to_pixels(torch.from_numpy(image[None]))),
        len(subjects),
        *looking,
    )
    return {
        "n": len(subjects),
        "seconds": drawn.seconds,
        "embeddings": embeddings,
        "one_face": int((faces == 1).sum()),
        "clipped": float((np.abs(drawn.small) > table.SATURATED).mean()),
    }


def compare(found, full, truth):
    """Add how near each way comes to the true faces, and how much nearer than the full one."""
    for way, one in found.items():
        one["cosine"] = quality.cosine(one["embeddings"], truth)
        one["distance"] = quality.distance(one["embeddings"], truth)
        if way != full:
            both = one["embeddings"], found[full]["embeddings"], truth
            one["cosine_apart"], one["distance_apart"] = quality.cosine_apart(*both), quality.distance_apart(*both)


def tell(way, index, batches):
    print(f"{datetime.datetime.now():%H:%M:%S} {way.name}: batch {index + 1} of {batches}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
