"""The figures' lines and words."""

from matplotlib.figure import Figure

from s2f.reporting.drawing import as_svg
from s2f.reporting.figures import groups, training
from s2f.reporting.sources import Model


def test_training_and_validation_are_two_lines_over_the_same_steps() -> None:
    history = [{"step": 10.0 * k, "loss": 1.0 / k, "loss_q1": None, "validation_loss": 2.0 / k} for k in (1, 2, 3)]
    figure = Figure()
    training([Model("face_decoder", history)], {"face_decoder": "squared error of the v"})(figure)
    lines = {str(line.get_label()): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {
        "training": [[10, 1], [20, 1 / 2], [30, 1 / 3]],
        "validation": [[10, 2], [20, 1], [30, 2 / 3]],
    }
    assert figure.axes[0].get_ylabel() == "squared error of the v"
    [legend] = figure.legends
    assert figure.axes[0].get_legend() is None  # it would cover the curves
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


def test_the_groups_figure_tells_its_lines_apart_and_leaves_out_whom_nobody_is_in() -> None:
    row = {"value": 0.8, "low": 0.7, "high": 0.9}
    rows = [{"group": name, "people": people, "headlines": {"age_r": row}} for name, people in (("a", 9), ("b", 0))]
    content = {"groups": rows, "headlines": {"age_r": row}}
    alone = as_svg(groups(content), 7, 3, "g", "words")
    assert "all together" in alone and "chance" not in alone
    assert "a (9)" in alone and "b (0)" not in alone
    rows[0]["headlines"] = {"age_r": row | {"chance": 0.0}}
    assert "chance" in as_svg(groups(content), 7, 3, "g", "words")
