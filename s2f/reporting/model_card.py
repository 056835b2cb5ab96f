"""What the model card says beside the report's own content, after Hugging Face's template: head and training."""

import io
from typing import Any

from ruamel.yaml import YAML

from s2f.reporting.departures import departures
from s2f.reporting.group_tables import group_sentences
from s2f.reporting.headlines import HEADLINE_NAMES
from s2f.reporting.networks import networks
from s2f.reporting.sources import MODELS, Results

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
        {"type": name, "name": f"{name.replace('_', ' ')}, N = {content[name]['n']}", "value": content[name]["value"]}
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
    yaml.default_flow_style = False
    yaml.dump(head, sink)
    return sink.getvalue()
