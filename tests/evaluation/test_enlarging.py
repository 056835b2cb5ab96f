import json

import numpy as np
import pytest

from s2f.evaluation.enlarging import evaluate_super_resolution


def portraits(make_row, n: int, ours: float, plain: float) -> list:
    """A portrait and its two enlargements each; the more noise, the worse their pixels and colours."""
    rng, rows = np.random.default_rng(0), []
    for index in range(n):
        face = rng.normal(size=512)
        for source, noise in (("portrait", 0.0), ("super_resolution", ours), ("bicubic", plain)):
            vector = face + noise * rng.normal(size=512)
            pixels = {"psnr_db": 30 - 10 * noise + rng.normal(), "ssim": 1 - noise, "colour_shift": noise}
            values = {"embedding": (vector / np.linalg.norm(vector)).tolist()} | (pixels if noise else {})
            rows.append(make_row(source, f"p{index}", **values))
    return rows


def test_the_nearer_enlargement_wins_with_an_interval_above_zero(make_row, load, plan) -> None:
    pictures, _ = load(portraits(make_row, 20, ours=0.3, plain=0.6))
    found = evaluate_super_resolution(pictures, plan)
    assert found["cosine"]["value"] > found["bicubic_cosine"]["value"]
    assert found["difference"]["low"] > 0
    assert abs(found["other_cosine"]["value"]) < 0.05
    assert found["n"] == 20


def test_of_two_portraits_no_interval_is_beyond_what_can_be(make_row, load, plan) -> None:
    """Student's interval of two goes far: a PSNR below 0, a cosine above 1."""
    rows = portraits(make_row, 2, ours=0.3, plain=0.6)
    for one in rows[3:]:
        one.update({"psnr_db": 5.0, "ssim": -0.9, "colour_shift": 9.0} if one["psnr_db"] else {})
        one["embedding"] = (
            [-value for value in one["embedding"]] if one["source"] == "super_resolution" else one["embedding"]
        )
    found = evaluate_super_resolution(load(rows)[0], plan)
    for name, least, most in (("psnr_db", 0, np.inf), ("ssim", -1, 1), ("colour_shift", 0, np.inf)):
        for side in ("super_resolution", "bicubic"):
            row = found[name][side]
            assert least <= row["low"] < row["value"] < row["high"] <= most, (name, side)
    assert (found["cosine"]["low"], found["cosine"]["high"]) == (-1, 1)
    assert (found["difference"]["low"], found["difference"]["high"]) == (-2, 2)


def test_only_portraits_found_three_times_are_compared(make_row, load, plan) -> None:
    rows = portraits(make_row, 10, 0.3, 0.3)
    rows[1].update(faces=0, embedding=None)
    pictures, _ = load(rows)
    found = evaluate_super_resolution(pictures, plan)
    assert found["n"] == 9
    assert (found["portraits"], found["lost"]) == (10, {"super_resolution": 1, "bicubic": 0})


def test_a_portrait_that_shows_no_face_itself_is_not_lost_by_enlarging(make_row, load, plan) -> None:
    rows = portraits(make_row, 10, 0.3, 0.3)
    for one in rows[:2]:  # the first portrait and its enlargement by us
        one.update(faces=0, embedding=None)
    found = evaluate_super_resolution(load(rows)[0], plan)
    assert (found["portraits"], found["n"]) == (9, 9)
    assert found["lost"] == {"super_resolution": 0, "bicubic": 0}


def test_without_portraits_super_resolution_is_not_available(make_study, load, plan) -> None:
    pictures, _ = load(make_study(4, 1, (0.0,), noise=0.0))
    assert evaluate_super_resolution(pictures, plan)["cosine"]["reason"].startswith("not available: ")


def test_two_portraits_of_one_person_are_no_two_people(make_row, load, plan) -> None:
    rows = portraits(make_row, 20, ours=0.3, plain=0.6)
    looks = {(one["source"], one["id"]): one["embedding"] for one in rows}
    person = {f"p{index}": f"p{index // 2 * 2}" for index in range(20)}
    for one in rows:  # both pictures of a person are the same
        one["embedding"] = looks[one["source"], person[one["id"]]]
    pictures, _ = load(rows)
    alone, known = (evaluate_super_resolution(pictures, plan, who) for who in (None, person))
    assert known["other_cosine"]["value"] < alone["other_cosine"]["value"] - 0.02  # nobody is their own control
    widths = [found["cosine"]["high"] - found["cosine"]["low"] for found in (alone, known)]
    assert widths[1] > 1.2 * widths[0]  # ten people say less than twenty


def test_pixels_are_compared_picture_by_picture_with_their_own_n(make_row, load, plan) -> None:
    rows = portraits(make_row, 20, ours=0.3, plain=0.6)
    rows[1].update(faces=0, embedding=None)  # pixels need no face
    rows[5].update(psnr_db=None)  # of the second portrait's bicubic copy
    found = evaluate_super_resolution(load(rows)[0], plan)
    json.dumps(found, allow_nan=False)
    assert (found["n"], found["ssim"]["difference"]["n"], found["psnr_db"]["difference"]["n"]) == (19, 20, 19)
    assert found["psnr_db"]["difference"]["low"] > 0
    assert found["ssim"]["difference"]["value"] == pytest.approx(0.3)
    assert found["colour_shift"]["super_resolution"]["value"] == pytest.approx(0.3)
    assert found["colour_shift"]["difference"]["value"] == pytest.approx(-0.3)


def test_a_picture_that_is_the_true_one_has_no_psnr_and_says_so(make_row, load, plan) -> None:
    rows = portraits(make_row, 10, 0.3, 0.3)
    rows[1].update(psnr_db=float("inf"))
    rows[2].update(psnr_db=float("inf"))
    found = evaluate_super_resolution(load(rows)[0], plan)
    json.dumps(found, allow_nan=False)
    for row in found["psnr_db"].values():
        assert row["value"] is None
        assert row["reason"] == "not available: 1 of 10 pictures are the true ones, pixel by pixel"
    assert found["ssim"]["difference"]["value"] is not None


def test_rows_without_pixels_are_a_reason(make_row, load, plan) -> None:
    rows = portraits(make_row, 10, 0.3, 0.3)
    for one in rows:
        one.update(psnr_db=None, ssim=None, colour_shift=None)
    found = evaluate_super_resolution(load(rows)[0], plan)
    assert found["ssim"]["bicubic"]["reason"].startswith("not available: ")
    assert evaluate_super_resolution(load([])[0], plan)["ssim"]["bicubic"]["n"] == 0
