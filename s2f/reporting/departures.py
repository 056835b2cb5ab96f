"""Where a run's models are not the paper's in kind, read from its parameters; sizes and steps are in params.yaml.

Kato & Hashimoto (2023) predict noise, start from noise alone and walk every step; params.paper.yaml does as they do.
"""

from collections.abc import Iterator

from s2f.params.experiment import Experiment

PREDICTED = {"x0": "the picture itself (x0)", "v": "v, a mixture of noise and picture"}


def departures(params: Experiment) -> list[str]:
    """Sentences, one for each departure that is on; none where all are off."""
    return [*_decoder(params), *_super_resolution(params), *_sampling(params)]


def _decoder(params: Experiment) -> Iterator[str]:
    decoder = params.face_decoder
    if decoder.shortcut_ridge:
        yield (
            "The face decoder's prediction starts from the face that a linear map draws from the embedding, set before "
            f"training by ridge regression (shortcut_ridge {decoder.shortcut_ridge:g}); the network learns the rest."
        )
    if decoder.position_map:
        yield "The face decoder adds a learned map of the picture to its first features (position_map)."
    if decoder.prediction in PREDICTED:
        yield f"The face decoder predicts {PREDICTED[decoder.prediction]}, not the noise (prediction)."


def _super_resolution(params: Experiment) -> Iterator[str]:
    enlarging = params.super_resolution
    if enlarging.shortcut:
        yield "Super-resolution's prediction starts from the small face enlarged bicubically (shortcut)."
    if enlarging.prediction in PREDICTED:
        yield f"Super-resolution predicts {PREDICTED[enlarging.prediction]}, not the noise (prediction)."


def _sampling(params: Experiment) -> Iterator[str]:
    drawing, steps = params.generation, params.diffusion.steps
    for what, sampler, walked in (
        ("Small faces are drawn", drawing.sampler, drawing.steps),
        ("Faces are enlarged", drawing.super_resolution_sampler, drawing.super_resolution_steps),
    ):
        if sampler != "ancestral" or walked != steps:
            yield f"{what} by {sampler} in {walked} steps, not by ancestral sampling in all {steps}."
