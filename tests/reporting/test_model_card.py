"""The card as Hugging Face's own library reads it. (What the stage writes: tests/stages/test_report.py.)"""

from types import SimpleNamespace
from typing import Any

from huggingface_hub import ModelCard

from s2f.reporting.model_card import front_matter


def results(is_sample: bool, source: str = "clips.csv", **values: float | None) -> Any:
    rows = {name: {"value": value, "n": 153} for name, value in values.items()}
    params = SimpleNamespace(speech_faces=SimpleNamespace(source=source))
    return SimpleNamespace(is_sample=is_sample, params=params, headlines={"headlines": rows})


def card(content: Any) -> ModelCard:
    return ModelCard(f"---\n{front_matter(content)}---\n\ntext\n")


def test_the_hub_reads_the_headlines_as_results() -> None:
    data = card(results(True, gender_accuracy=0.85, age_r=0.9)).data
    assert [(one.metric_type, one.metric_value) for one in data.eval_results] == [
        ("gender_accuracy", 0.85),
        ("age_r", 0.9),
    ]
    assert data.eval_results[0].dataset_name == "embedded sample" and "N = 153" in data.eval_results[0].metric_name
    assert data.license == "mit"


def test_what_is_made_of_others_weights_is_not_given_away() -> None:
    data = card(results(False, gender_accuracy=0.85)).data
    assert (data.license, data.license_name) == ("other", "research-only")


def test_numbers_that_do_not_exist_are_not_claimed() -> None:
    data = card(results(True, gender_accuracy=None)).data
    assert data.eval_results is None and data.library_name == "s2f"


def test_a_hostile_source_stays_a_name() -> None:
    hostile = "x\n---\nlicense: none\n# <img src=x onerror=alert(1)>: {a: b}"
    data = card(results(False, hostile, age_r=0.5)).data
    assert data.eval_results[0].dataset_name == hostile and data.license == "other"
