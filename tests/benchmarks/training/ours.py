"""Our models as their training stages build them; `matched` says what of them the peers are matched to."""

from s2f.models.weights import build
from tests.benchmarks.training.sizes import experiment


def model(task):
    """A fresh one. Its channels are last in memory: it sees to that itself."""
    return build(task.kind, getattr(experiment(task.scale), task.kind))


def matched(found):
    """Parameters of the U-Net and of what conditions it.

    Left out is the face that an embedding draws linearly, a short training's: at the sample's size two fifths of all
    parameters and a hundredth of the work. Peers have nothing like it, and matched to it they would get a larger U-Net.
    """
    linear = getattr(found, "linear_face", None)
    return count(found) - (count(linear) if linear else 0)


def count(module):
    """Parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
