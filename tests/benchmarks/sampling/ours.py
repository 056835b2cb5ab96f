"""Our pipeline, as `SpeechToFacePipeline` draws.

On a processor it shares a network's rows out among threads of one core each, where the peers have torch's threads work
on one layer together (s2f/pipeline/cores.py); `--threads 1` leaves that out of the comparison.
"""

import torch

from s2f.diffusion.solvers import Walk
from s2f.models.weights import build
from s2f.pipeline import SpeechToFacePipeline
from s2f.pipeline.drawing import Drawing
from s2f.pipeline.parts import Parts
from tests.benchmarks.training import ours
from tests.benchmarks.training.sizes import experiment


class Sampler:
    """With fresh networks: how fast they are does not depend on what they know."""

    def __init__(self, drawing, device, layout, precision=None):
        assert layout == "channels last"  # they see to that themselves
        scale = experiment(drawing.decoder.scale)
        decoder, enlarger = (ours.model(task) for task in (drawing.decoder, drawing.enlarger))
        encoder = build("speech_encoder", scale.speech_encoder)
        parts = Parts(encoder, decoder, enlarger, scale.spectrogram, scale.diffusion)
        walks = Walk("dpmsolver++", drawing.steps), Walk("ddim", drawing.enlarging)
        precision = precision or (torch.bfloat16 if drawing.decoder.bf16 else torch.float32)
        self.pipeline = SpeechToFacePipeline(parts, Drawing(drawing.guidance, *walks, 0.0), device, precision)
        self.parameters = ours.matched(decoder), ours.matched(enlarger)
        self.seeds = list(range(drawing.batch))

    def decoder(self, embeddings):
        return self.pipeline.decode(embeddings, self.seeds)

    def cascade(self, embeddings):
        return self.pipeline.enlarge(self.decoder(embeddings), embeddings, self.seeds)
