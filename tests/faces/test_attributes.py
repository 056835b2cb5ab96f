import numpy as np
import pytest

from s2f.faces.attributes import AgeGenderJudge, crop_box, decode_2018, decode_genderage
from s2f.faces.detect import Face
from s2f.runtime import InputError

EYES_NOSE_MOUTH_EARS = np.array([[90, 100], [130, 100], [110, 120], [110, 140], [70, 110], [150, 110]], np.float32)
FACE = Face(np.array([70, 70, 150, 160], np.float32), 0.9, EYES_NOSE_MOUTH_EARS)


def plain(colour):
    return np.full((220, 220, 3), colour, np.uint8)


def test_three_outputs_are_two_classes_and_a_century():
    age, male = decode_genderage(np.array([0.0, np.log(3), 0.42]))
    assert age == pytest.approx(42) and male == pytest.approx(0.75)
    assert decode_genderage(np.array([2000.0, -2000.0, 0.1]))[1] == pytest.approx(0)


def test_of_202_outputs_the_pairs_that_vote_second_are_years():
    outputs = np.zeros(202)
    outputs[:2] = [1, -1]
    outputs[2::2] = 0.5  # "no" for every year …
    outputs[3 : 3 + 2 * 37 : 2] = 0.6  # … but for 37 of them "yes"
    age, male = decode_2018(outputs)
    assert age == 37 and male == pytest.approx(1 / (1 + np.exp(2)))


def test_the_96_pixel_network_sees_scaled_rgb(tmp_path, network):
    # Age rises with red, male with blue.
    path = network(tmp_path / "genderage.onnx", 96, [[0, 0, 0], [0, 0, 1], [1, 0, 0]], [0, 0, 0])
    judge = AgeGenderJudge(path)
    ((age, male),) = judge.judge([(plain((191, 127, 255)), FACE)])
    assert age == pytest.approx(100 * (191 - 127.5) / 128, abs=0.1)
    assert male == pytest.approx(1 / (1 + np.exp(-(255 - 127.5) / 128)), abs=1e-3)


def test_the_network_of_2018_sees_plain_rgb(tmp_path, network):
    weights, bias = np.zeros((202, 3)), np.zeros(202)
    weights[1, 2] = 0.01  # male rises with blue
    weights[3::2, 0] = 1.0  # each year's pair votes yes once red is above its threshold
    bias[3::2] = -np.arange(100) - 0.5
    judge = AgeGenderJudge(network(tmp_path / "old.onnx", 112, weights, bias))
    ((age, male), (other, _)) = judge.judge([(plain((33, 200, 100)), FACE), (plain((57, 0, 0)), FACE)])
    assert age == 33 and male == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-3)
    assert other == 57 and judge.judge([]) == []


def test_the_crop_is_one_and_a_half_boxes_wide_around_its_middle():
    image = np.zeros((300, 300, 3), np.uint8)
    image[118:182, 118:182] = 255  # the box itself, 64 px
    crop = crop_box(image, np.array([118, 118, 182, 182], np.float32))
    white = np.argwhere(crop[..., 0] > 127)
    assert crop.shape == (96, 96, 3)
    assert white.min(0).tolist() == [16, 16] and white.max(0).tolist() == [79, 79]


def test_other_networks_are_refused(tmp_path, network):
    for pixels, outputs in [(96, 4), (112, 512)]:
        path = network(tmp_path / f"{outputs}.onnx", pixels, np.ones((outputs, 3)), np.ones(outputs))
        with pytest.raises(InputError, match="allowed: insightface's genderage"):
            AgeGenderJudge(path)
