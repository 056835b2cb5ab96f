from pathlib import Path

import pytest

from s2f.params.experiment import Experiment, read_experiment
from s2f.reporting.departures import departures
from s2f.reporting.limits import OF_DEPARTURES, OF_THE_SAMPLE, limits

ROOT = Path(__file__).parents[2]


@pytest.fixture
def paper() -> Experiment:
    return read_experiment(ROOT / "params.paper.yaml")


def changed(params: Experiment, section: str, **values: object) -> Experiment:
    return params.model_copy(update={section: getattr(params, section).model_copy(update=values)})


def test_the_papers_scale_departs_nowhere_and_nothing_is_said(paper: Experiment) -> None:
    assert departures(paper) == []
    assert OF_DEPARTURES not in limits(paper, is_sample=False)


@pytest.mark.parametrize(
    ("section", "values", "says"),
    [
        ("face_decoder", {"shortcut_ridge": 0.1}, "ridge regression (shortcut_ridge 0.1)"),
        ("face_decoder", {"position_map": True}, "(position_map)"),
        ("face_decoder", {"prediction": "x0"}, "face decoder predicts the picture itself"),
        ("super_resolution", {"shortcut": True}, "starts from the small face enlarged bicubically"),
        ("super_resolution", {"prediction": "v"}, "Super-resolution predicts v"),
        ("generation", {"steps": 10}, "Small faces are drawn by ancestral in 10 steps"),
        ("generation", {"super_resolution_sampler": "ddim"}, "Faces are enlarged by ddim in 2000 steps"),
    ],
)
def test_a_departure_that_is_on_is_one_sentence(
    paper: Experiment, section: str, values: dict[str, object], says: str
) -> None:
    said = departures(changed(paper, section, **values))
    assert len(said) == 1 and says in said[0]


def test_the_samples_departures_are_named_among_its_limits() -> None:
    params = read_experiment(ROOT / "params.yaml")
    assert any("ridge regression" in sentence for sentence in departures(params))
    assert limits(params, is_sample=True)[-2:] == [OF_DEPARTURES, OF_THE_SAMPLE]


def test_the_limits_do_not_take_the_shuffled_control_for_a_guard_against_leaks(paper: Experiment) -> None:
    assert any("near chance by construction" in sentence for sentence in limits(paper, is_sample=False))
