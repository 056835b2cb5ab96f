"""What the model card says beside the report's own content, after Hugging Face's template: head and training."""

import io
from typing import Any

from ruamel.yaml import YAML

from s2f.reporting.departures import departures
from s2f.reporting.group_tables import DIGITS, group_sentences
from s2f.reporting.headlines import HEADLINE_NAMES
from s2f.reporting.networks import networks
from s2f.reporting.sources import MODELS, Results
from s2f.reporting.tables import number

TRAINED = ("steps", "batch", "learning_rate", "warmup_epochs", "decay", "decay_steps", "ema", "precision")


def card_content(results: Results) -> dict[str, Any]:
    """What the template needs beside the report's content."""
    sections = [getattr(results.params, f"{name}_training") for name in MODELS]
    departed = departures(results.params)
    source = (
        "Trained on the embedded sample: drawn faces and synthetic voices of one known law; no real person is in it."
    )
    if not results.is_sample:
        source = f"Trained on {results.params.speech_faces.source} and {results.params.portraits.source}."
    return {
        "front": front_matter(results),
        "departed": "They are not the paper's in all: the report's table of models says where." if departed else "",
        "trained_on": source,
        "trained": [[key.replace("_", " "), *(str(getattr(one, key)) for one in sections)] for key in TRAINED],
        "lookers": networks(results),
        "groups": group_sentences(results.headlines),
    }


def front_matter(results: Results) -> str:
    """YAML that Hugging Face's hub reads: licence, tags, and the headlines that exist as a model index."""
    own = {"license": "mit"}
    others = {"license": "other", "license_name": "research-only"}  # embeddings of non-commercial weights
    head: dict[str, Any] = {
        **(own if results.is_sample else others),
        "library_name": "s2f",
        "tags": ["speech-to-face", "diffusion", "audio", "image-generation"],
    }
    content = results.headlines["headlines"]
    metrics = [
        {"type": name, "name": _metric(name, content[name], results), "value": content[name]["value"]}
        for name in HEADLINE_NAMES
        if content.get(name, {}).get("value") is not None
    ]
    if metrics:
        name = "embedded sample" if results.is_sample else str(results.params.speech_faces.source)
        result = {
            "task": {"type": "speech-to-face", "name": "speech to face"},
            "dataset": {"type": "speech-faces", "name": name, "split": "test"},
            "metrics": metrics,
        }
        head["model-index"] = [{"name": "s2f", "results": [result]}]
    sink = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style, yaml.width = False, 1000  # a name is a line
    yaml.dump(head, sink)
    return sink.getvalue()


def _metric(name: str, row: dict[str, Any], results: Results) -> str:
    """'age r at w = 1, 95% interval 0.91 to 0.95, N = 153 of 147 people'; of a recall, among how many."""
    content, words = results.headlines, {"recall_by_face": "the generated face", "recall_by_voice": "the voice"}
    title = name.replace("_", " ")
    if name in words:
        weight = results.identity["by_guidance"][content["guidance"]]
        recall = weight["recall"] if name == "recall_by_face" else results.identity["voice"]["recall"]
        title = f"recall@{content['found_among']} of {recall['gallery']:.0f} by {words[name]}"
    where = "" if name == "recall_by_voice" else f" at w = {content['guidance']}"  # a voice has none
    digits = DIGITS.get(name, 2)
    ends = f"{number(row['low'], digits)} to {number(row['high'], digits)}"
    people = row.get("people", row["n"])
    count = f"{row['n']} of {people} people" if people != row["n"] else row["n"]
    return f"{title}{where}, {content['confidence']:.0%} interval {ends}, N = {count}"
