"""Peers are of our size at both scales. imagen-pytorch's, of another environment, are checked at every run instead."""

import pytest
import torch

from tests.benchmarks.training import ours, peer_diffusers, sizes
from tests.benchmarks.training.__main__ import WITH_PEERS
from tests.benchmarks.training.matching import UnmatchedError, check
from tests.benchmarks.training.task import random_inputs, task_of


@pytest.mark.parametrize("scale", sizes.PARAMS)
@pytest.mark.parametrize("kind", WITH_PEERS)
def test_diffusers_has_our_parameters_and_our_output(kind, scale):
    task = sizes.task(kind, scale)
    with torch.device("meta"):
        own, peer = ours.model(task), peer_diffusers.model(task)
    check(task, "diffusers", ours.count(peer), ours.matched(own))
    inputs, target = random_inputs(task, "meta", rows=2)
    assert own(**inputs).shape == peer(**inputs).shape == target.shape


def test_a_peer_of_another_size_is_refused_by_a_sentence():
    task = sizes.task("face_decoder", "sample")
    with pytest.raises(UnmatchedError, match=r"1,060 parameters and ours 1,000, \+6\.0%; allowed: 5% more or less"):
        check(task, "diffusers", 1060, 1000)
    with pytest.raises(UnmatchedError, match=r"-6\.0%"):
        check(task, "diffusers", 940, 1000)


def test_a_task_reaches_a_process_as_it_was():
    task = sizes.task("super_resolution", "sample", batch=3)
    assert task_of(task.as_json()) == task
