import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from s2f.runtime import InputError
from s2f.stages import check_corpora

ROOT = Path(__file__).parents[2]


@pytest.fixture
def corpora(tmp_path):
    """Two manifests as flows write them, and params of the sample."""
    for name in ("speech_faces", "portraits"):
        (tmp_path / name).mkdir()
        content = {"recipe": {"arcface": {"name": "arcface.onnx", "sha256": "ab" * 32}}, "rows": {"train": 16}}
        (tmp_path / name / "manifest.json").write_text(json.dumps(content))
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def check(folder):
    check_corpora.main(folder / "speech_faces", folder / "portraits", folder / "corpora.ok", folder / "params.yaml")


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_fits_is_said_by_the_network_s_hash_alone(corpora):
    check(corpora)
    before = (corpora / "corpora.ok").read_text()
    assert before == "ab" * 32 + "\n"
    edit(corpora / "portraits/manifest.json", lambda content: content["rows"].update(train=99))
    check(corpora)
    assert (corpora / "corpora.ok").read_text() == before


def test_two_networks_are_refused_in_one_sentence(corpora):
    edit(
        corpora / "portraits/manifest.json",
        lambda content: content["recipe"].update(arcface={"name": "b", "sha256": "cd" * 32}),
    )
    with pytest.raises(
        InputError, match=r"of arcface.onnx \(abababababab…\), .*portraits of b \(cdcdcdcdcdcd…\), and their"
    ):
        check(corpora)
    assert not (corpora / "corpora.ok").exists()


@pytest.mark.parametrize("name", ["speech_encoder", "face_decoder", "super_resolution"])
def test_a_batch_larger_than_its_corpus_is_refused_before_any_training(corpora, name):
    yaml = YAML()
    content = yaml.load(corpora / "params.yaml")
    content[f"{name}_training"]["batch"] = 17
    yaml.dump(content, corpora / "params.yaml")
    with pytest.raises(InputError, match=f"{name}_training.batch 17 is more than .* has to train on; allowed: 1 to 16"):
        check(corpora)


def test_a_corpus_without_a_manifest_is_no_corpus(corpora):
    (corpora / "portraits/manifest.json").unlink()
    with pytest.raises(InputError, match=r"portraits/manifest.json: no such file; allowed: a corpus"):
        check(corpora)
