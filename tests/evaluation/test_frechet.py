import numpy as np
import pytest
from scipy import linalg

from s2f.evaluation.frechet import Cloud, Gaussian, frechet, gaussian, point


def by_the_formula(x: np.ndarray, y: np.ndarray) -> float:
    """As Heusel et al. 2017 write it, with the root of a product of covariances."""
    a, b = np.cov(x.T), np.cov(y.T)
    root = linalg.sqrtm(a @ b).real
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(root))


def rows(n: int, d: int, seed: int, scale: float = 1.0) -> np.ndarray:
    return scale * np.random.default_rng(seed).normal(size=(n, d)) * np.linspace(0.5, 1.5, d)


def test_two_gaussians_are_as_far_apart_as_their_closed_form_says() -> None:
    spread, other = np.array([1.0, 2.0, 0.5]), np.array([2.0, 2.0, 0.1])
    a = Gaussian(np.array([1.0, 0.0, -1.0]), np.diag(spread))
    b = Gaussian(np.array([0.0, 2.0, -1.0]), np.diag(other))
    assert frechet(a, b) == pytest.approx(5.0 + np.square(spread - other).sum())


def test_it_is_the_published_formula_and_symmetric() -> None:
    x, y = rows(400, 12, 0), 0.3 + rows(300, 12, 1, 0.7) @ linalg.qr(rows(12, 12, 2))[0]
    assert frechet(gaussian(x), gaussian(y)) == pytest.approx(by_the_formula(x, y), rel=1e-9)
    assert frechet(gaussian(x), gaussian(y)) == pytest.approx(frechet(gaussian(y), gaussian(x)), rel=1e-12)


@pytest.mark.parametrize("n", [5, 40, 41, 200])  # fewer rows than dimensions, as many, more
def test_of_itself_it_is_nothing(n: int) -> None:
    x = gaussian(rows(n, 40, n))
    assert frechet(x, x) == pytest.approx(0, abs=1e-10)


def test_fewer_rows_than_dimensions_are_exact_where_the_formula_needs_their_own_space() -> None:
    x, y = rows(9, 60, 0), rows(7, 60, 1)
    basis = linalg.orth(np.vstack([x, y]).T)  # (60, 16): nothing of either lies outside
    assert frechet(gaussian(x), gaussian(y)) == pytest.approx(by_the_formula(x @ basis, y @ basis), rel=1e-6)


def test_groups_chosen_from_a_cloud_are_the_gaussian_of_their_rows() -> None:
    x = 5 + rows(300, 10, 3)
    group = np.arange(300) % 6
    for chosen in (np.arange(6) < 3, np.arange(6) == 4):
        for d in (10, 4):  # by sums of products
            found, expected = Cloud(x[:, :d], group, 6).gaussian(chosen), x[chosen[group], :d]
            assert found.mean == pytest.approx(expected.mean(0))
            assert found.factor.T @ found.factor == pytest.approx(np.cov(expected.T), abs=1e-12)


def test_rows_in_a_plane_or_in_a_point_have_a_distance_too() -> None:
    flat = rows(200, 6, 4)
    flat[:, 3:] = 0  # no full rank: Cholesky gives up
    assert frechet(gaussian(flat), gaussian(flat)) == pytest.approx(0, abs=1e-7)
    variance = np.trace(np.cov(flat.T))
    assert frechet(gaussian(flat), point(flat.mean(0))) == pytest.approx(variance)
    assert frechet(gaussian(np.ones((50, 6))), point(np.zeros(6))) == pytest.approx(6)
