"""The card as Hugging Face's own library reads it. (What the stage writes: tests/stages/test_report.py.)"""

from types import SimpleNamespace
from typing import Any

from huggingface_hub import ModelCard

from s2f.reporting.model_card import front_matter


def results(is_sample: bool, source: str = "clips.csv", **values: float | None) -> Any:
    rows = {name: {"value": value, "low": 0.8, "high": 0.9, "n": 153, "people": 147} for name, value in values.items()}
    recall = {"recall": {"gallery": 152.9}}
    identity = {"voice": recall, "by_guidance": {"1": recall}}
    headlines = {"headlines": rows, "guidance": "1", "found_among": 10, "confidence": 0.95}
    params = SimpleNamespace(speech_faces=SimpleNamespace(source=source))
    return SimpleNamespace(is_sample=is_sample, params=params, headlines=headlines, identity=identity)


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


def test_a_metric_tells_its_w_its_interval_and_among_how_many() -> None:
    found = card(results(True, gender_accuracy=0.85, recall_by_face=0.3, recall_by_voice=0.5)).data.eval_results
    sure = "95% interval 0.80 to 0.90, N = 153 of 147 people"
    assert [one.metric_name for one in found] == [
        f"gender accuracy at w = 1, {sure}",
        f"recall@10 of 153 by the generated face at w = 1, {sure}",
        f"recall@10 of 153 by the voice, {sure}",
    ]


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
