import json
import struct

import pytest

from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.reporting.sources import count_numbers, read_face_models, read_funnel, read_history, read_json, read_model
from s2f.runtime import InputError


def test_a_missing_evaluation_names_its_stage(tmp_path) -> None:
    with pytest.raises(InputError, match="evaluate_facial"):
        read_json(tmp_path / "facial.json")


def test_reasons_are_counted_over_shards_commonest_first(tmp_path) -> None:
    for shard, reasons in enumerate([["no_face", None, "corrupt"], ["no_face", None, None]]):
        rows = [
            {field.name: None for field in LEDGER}
            | {"id": "x", "status": "filtered" if reason else "ok", "reason": reason, "split": "train"}
            | {"attempts": shard}
            for reason in reasons
        ]
        write_shard(rows, LEDGER, tmp_path / f"{shard:05d}.parquet")
    funnel = read_funnel(tmp_path)
    assert (funnel.tried, funnel.ok, list(funnel.by_reason.items())) == (6, 3, [("no_face", 2), ("corrupt", 1)])
    assert (funnel.by_split, funnel.unasked) == ({"train": 3}, {"no_face": 1, "corrupt": 1})


def test_a_missing_ledger_has_tried_nothing(tmp_path) -> None:
    assert read_funnel(tmp_path / "nowhere").tried == 0


def test_histories_keep_gaps_as_gaps(tmp_path) -> None:
    (tmp_path / "history.csv").write_text("step,loss,loss_q1\n10,0.5,\n20,nan,0.25\n")
    rows = read_history(tmp_path / "history.csv")
    assert rows[0] == {"step": 10.0, "loss": 0.5, "loss_q1": None}
    assert rows[1]["loss"] is None
    assert read_model(tmp_path).steps == 20


def test_a_header_tells_how_many_numbers_weights_hold(tmp_path) -> None:
    header = json.dumps({"__metadata__": {"a": "b"}, "w": {"shape": [2, 5]}, "b": {"shape": [3]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert count_numbers(tmp_path / "w.safetensors") == 13


def test_the_manifest_names_the_networks_it_knows(tmp_path) -> None:
    recipe = {"version": 1, "params": {"a": 1}, "arcface": {"name": "arcface.onnx", "sha256": "ab"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"recipe": recipe}))
    assert read_face_models([tmp_path / "nowhere", tmp_path]) == {"arcface": ("arcface.onnx", "ab")}
    assert read_face_models([]) == {}
