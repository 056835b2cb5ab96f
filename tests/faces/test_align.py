import numpy as np
import pytest

from s2f.faces.align import TEMPLATE, align, crop_face, crop_square, resize, similarity


def turned(degrees, scale, shift):
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([scale * rotation, shift])


def smooth_picture(height, width):
    rows, columns = np.mgrid[0:height, 0:width] / 40
    waves = [np.sin(columns), np.cos(rows), np.sin(rows + columns)]
    return (127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8)


def keypoints(place):
    """Six keypoints whose first four lie where `place` (2, 3) puts the template."""
    four = TEMPLATE @ place[:, :2].T + place[:, 2]
    return np.vstack([four, [[0, 0], [0, 0]]]).astype(np.float32)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_similarity_transform_is_found_again(dimensions):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(10, dimensions))
    rotation, _ = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))
    rotation *= np.linalg.det(rotation) if dimensions % 2 else 1
    if np.linalg.det(rotation) < 0:
        rotation[:, 0] *= -1
    shift = rng.normal(size=dimensions)
    found = similarity(points, points @ (2.5 * rotation).T + shift)
    np.testing.assert_allclose(found, np.column_stack([2.5 * rotation, shift]), atol=1e-12)


def test_no_mirror_image_passes_for_a_rotation():
    points = np.random.default_rng(0).normal(size=(10, 2))
    assert np.linalg.det(similarity(points, points * [-1, 1])[:, :2]) >= 0


def test_the_transform_is_the_best_there_is():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    best = similarity(source, target)

    def error(transform):
        return np.square(source @ transform[:, :2].T + transform[:, 2] - target).sum()

    a, b = best[0, 0], best[1, 0]
    for change in 1e-3 * rng.normal(size=(50, 4)):
        other = np.array([[a + change[0], -b - change[1], 0], [b + change[1], a + change[0], 0]])
        other[:, 2] = best[:, 2] + change[2:]
        assert error(other) >= error(best)


def test_a_face_already_in_place_stays_as_it_is():
    image = smooth_picture(112, 112)
    assert np.array_equal(align(image, keypoints(turned(0, 1, [0, 0]))), image)


@pytest.mark.parametrize(("degrees", "scale"), [(0, 2), (25, 1.3), (-40, 3), (10, 6)])
def test_aligned_pixels_come_from_where_the_face_is(degrees, scale):
    place = turned(degrees, scale, [150, 130])
    image = smooth_picture(1000, 900)
    aligned = align(image, keypoints(place)).astype(float)
    rows, columns = np.mgrid[0:112, 0:112]
    source = np.stack([columns, rows], axis=-1) @ place[:, :2].T + place[:, 2]
    inside = (source > 0).all(-1) & (source < [899, 999]).all(-1)
    nearest = image[source[..., 1].round().astype(int).clip(0, 999), source[..., 0].round().astype(int).clip(0, 899)]
    assert inside.mean() > 0.5
    assert np.abs(aligned - nearest)[inside].mean() < 3


def test_what_lies_outside_the_picture_repeats_its_border():
    image = np.full((50, 50, 3), 200, np.uint8)
    assert (align(image, keypoints(turned(0, 1, [-30, -30]))) == 200).all()


# A frontal face: eyes level at (±0.5, 0), mouth below them. FFHQ then shows 4 eye distances, a little below the eyes.
FRONTAL = np.array([[-0.5, 0], [0.5, 0], [0, 0.5], [0, 1.0], [0, 0], [0, 0]])


@pytest.mark.parametrize(("degrees", "scale"), [(0, 20), (30, 25), (-20, 35)])
def test_a_face_is_framed_upright_as_ffhq_does(degrees, scale):
    place = turned(degrees, scale, [250, 240])
    image = smooth_picture(500, 520)
    crop = crop_face(image, FRONTAL @ place[:, :2].T + place[:, 2], margin=1, size=100)
    rows, columns = np.mgrid[0:100, 0:100] + 0.5
    face = np.stack([columns, rows], axis=-1) / 100 * 4 - [2, 1.9]  # the whole side is 4 eye distances
    x, y = np.moveaxis(face @ place[:, :2].T + place[:, 2], -1, 0)
    nearest = image[y.round().astype(int), x.round().astype(int)]
    assert np.abs(crop.astype(float) - nearest).mean() < 3


def test_a_wider_margin_shows_more_around_the_same_centre():
    image = smooth_picture(500, 520)
    points = FRONTAL * 20 + [250, 240]
    near, wide = (crop_face(image, points, margin, 80).astype(float) for margin in (1, 2))
    assert np.abs(resize(near.astype(np.uint8), 40) - wide[20:60, 20:60]).mean() < 3


def test_a_face_seen_from_the_side_or_in_a_point_is_still_framed():
    image = smooth_picture(200, 200)
    side = np.array([[100, 90], [100, 90], [120, 100], [110, 120], [0, 0], [0, 0]], np.float32)
    for points in (side, np.full((6, 2), 100, np.float32)):
        assert crop_face(image, points, margin=1, size=64).shape == (64, 64, 3)


def test_a_crop_is_the_square_around_the_box():
    image = smooth_picture(100, 120)
    crop = crop_square(image, np.array([40, 30, 60, 50], np.float32), margin=2, size=40)
    assert np.array_equal(crop, image[20:60, 30:70])


def test_a_crop_takes_the_longer_side_and_any_size():
    image = smooth_picture(100, 120)
    crop = crop_square(image, np.array([50, 30, 60, 50], np.float32), margin=1, size=64)
    expected = resize(image[30:50, 45:65], 64)
    assert np.array_equal(crop, expected) and crop.shape == (64, 64, 3)


def test_a_crop_beyond_the_picture_repeats_its_border():
    image = smooth_picture(20, 20)
    crop = crop_square(image, np.array([-10, -10, 10, 10], np.float32), margin=1, size=20)
    assert np.array_equal(crop[10:, 10:], image[:10, :10])
    assert (crop[:10, :10] == image[0, 0]).all()


def test_shrinking_averages():
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    grey = resize(np.repeat(checks[..., None], 3, axis=-1).astype(np.uint8), 16)
    assert np.abs(grey.astype(int) - 128).max() <= 1
