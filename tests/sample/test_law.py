"""The law: what is tied is tied, what is free is free, in the latents and in what FaceMesh measures."""

import numpy as np
import pytest

from s2f.faces.anthropometry import MEASURES
from s2f.faces.landmarks import FaceMesh
from s2f.faces.measures import measure
from s2f.sample.canvas import Pose
from s2f.sample.law import FREE_MEASURES, LATENTS, TIED_MEASURES, Identity, draw_identity, look_of, voice_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene

HEARD = ("sex", "age", "tract", "vigour")
FACES = 140


def number(person: Identity, latent: str) -> float:
    value = getattr(person, latent)
    return float(value == "m") if latent == "sex" else float(value)


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    rng = np.random.default_rng(11)
    return [draw_identity(rng) for _ in range(4000)]


@pytest.fixture(scope="module")
def measured() -> tuple[list[Identity], dict[str, np.ndarray]]:
    """People whose free latents are drawn, and the eleven measures of their drawn faces."""
    rng, mesh, seen, rows = np.random.default_rng(12), FaceMesh(), [], []
    for _ in range(FACES):
        person = draw_identity(rng)
        pose = Pose((96, 92), 80.0)
        landmarks = mesh.landmarks(draw_portrait(look_of(person), draw_scene(rng), 192, 192, pose))
        if landmarks is not None:
            seen.append(person)
            rows.append(measure(landmarks))
    return seen, {name: np.array([row[name] for row in rows]) for name in MEASURES}


def test_only_tract_and_sex_depend_on_each_other(people: list[Identity]) -> None:
    table = np.corrcoef([[number(person, latent) for person in people] for latent in LATENTS])
    tract, sex = LATENTS.index("tract"), LATENTS.index("sex")
    assert 0.65 < table[tract, sex] < 0.85
    table[tract, sex] = table[sex, tract] = 0
    np.fill_diagonal(table, 0)
    assert np.abs(table).max() < 4.5 / np.sqrt(len(people))  # 4.5 standard errors: 210 pairs, and never by chance


def test_a_voice_depends_on_nothing_that_only_the_face_shows() -> None:
    rng = np.random.default_rng(1)
    person, other = draw_identity(rng), draw_identity(rng)
    heard = {name: getattr(person, name) for name in (*HEARD, "pitch_habit", "accent")}
    unseen = {name: getattr(other, name) for name in LATENTS if name not in heard}
    assert voice_of(Identity(**heard, **unseen)) == voice_of(person)


def test_a_look_depends_on_nothing_that_only_the_voice_tells() -> None:
    rng = np.random.default_rng(2)
    person, other = draw_identity(rng), draw_identity(rng)
    values = {name: getattr(person, name) for name in LATENTS}
    values |= {name: getattr(other, name) for name in ("pitch_habit", "accent")}
    pose, scene = Pose((48, 46), 40.0), draw_scene(rng)
    faces = [draw_portrait(look_of(someone), scene, 96, 96, pose) for someone in (person, Identity(**values))]
    assert np.array_equal(faces[0], faces[1])


def test_measures_are_known_and_claimed_once() -> None:
    assert set(TIED_MEASURES) | set(FREE_MEASURES) <= set(MEASURES)
    assert not set(TIED_MEASURES) & set(FREE_MEASURES)


def test_tied_measures_follow_the_vocal_tract_on_the_mesh(measured: tuple) -> None:
    people, measures = measured
    tract = [person.tract for person in people]
    r = {name: np.corrcoef(measures[name], tract)[0, 1] for name in TIED_MEASURES}
    assert r["jaw_width"] > 0.7
    assert r["nose_width"] > 0.7
    assert r["nasal_index"] > 0.4


def test_free_measures_follow_nothing_that_is_heard_on_the_mesh(measured: tuple) -> None:
    people, measures = measured
    assert len(people) > 0.95 * FACES
    for latent in HEARD:
        heard = [number(person, latent) for person in people]
        for name in FREE_MEASURES:
            # Four standard errors: 28 looks at 140 faces. Against 0.7 and more of what is tied.
            assert abs(np.corrcoef(measures[name], heard)[0, 1]) < 4 / np.sqrt(len(people)), (name, latent)


def test_free_measures_follow_their_own_latents_on_the_mesh(measured: tuple) -> None:
    people, measures = measured
    own = {"upper_lip_height": "philtrum", "nose_height": "nose_length", "intercanthal_index": "eye_gap"}
    own |= {"labio_oral_region": "mouth_width", "vermilion_height_index": "lip_balance"}
    for name, latent in own.items():
        assert np.corrcoef(measures[name], [number(person, latent) for person in people])[0, 1] > 0.4, name
