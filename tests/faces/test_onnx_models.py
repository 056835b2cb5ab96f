import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from s2f.faces.onnx_models import load_model
from s2f.runtime import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pack(tmp_path, monkeypatch, network):
    """An insightface pack that lies where insightface looks before it downloads; its folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".insightface" / "models" / "drawn"
    folder.mkdir(parents=True)
    (folder / "0_broken.onnx").write_bytes(b"another tool's file")
    network(folder / "genderage.onnx", 96, np.ones((3, 3)), np.ones(3))
    network(folder / "w600k.onnx", 112, np.ones((512, 3)), np.ones(512))
    return folder


def test_a_packs_model_is_found_by_its_task(pack):
    assert load_model("drawn", None, "recognition").model_file == str(pack / "w600k.onnx")
    assert load_model("drawn", None, "genderage").model_file == str(pack / "genderage.onnx")


def test_a_pack_without_the_task_is_one_sentence(pack):
    (pack / "w600k.onnx").unlink()
    with pytest.raises(InputError, match=r"'drawn' .* holds no recognition model"):
        load_model("drawn", None, "recognition")


def test_a_packs_licence_is_told_once(pack, caplog):
    shutil.copytree(pack, pack.with_name("told"))
    with caplog.at_level(logging.WARNING):
        load_model("told", None, "recognition")
        load_model("told", None, "genderage")
    assert caplog.text.count("non-commercial") == 1


def test_a_file_that_is_not_this_projects_own_is_told_of_too(pack, caplog, monkeypatch):
    monkeypatch.chdir(ROOT)
    with caplog.at_level(logging.WARNING):
        load_model("s2f/sample/pack/arcface.onnx", None, "recognition")
        assert "non-commercial" not in caplog.text
        load_model(str(pack / "w600k.onnx"), None, "recognition")
    assert f"{pack / 'w600k.onnx'}: the licence is the file's owner's." in caplog.text
    assert "non-commercial" not in caplog.text


def test_networks_run_on_the_cpu_with_one_thread(pack):
    session = load_model(str(pack / "w600k.onnx"), None, "recognition").session
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_session_options().intra_op_num_threads == 1
