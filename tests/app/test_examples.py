"""Voices to try the page with."""

from pathlib import Path

import numpy as np

from s2f.app.examples import COUNT, write_examples
from s2f.audio.speech import encode_flac
from s2f.dataset.schemas import SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import write_shard

RATE = 16_000


def write_test_split(folder: Path, count: int) -> dict[str, bytes]:
    """Clips of noise; what each one's sound is."""
    rng = np.random.default_rng(0)
    sounds = {f"clip{index}": encode_flac(0.1 * rng.normal(size=RATE), RATE) for index in range(count)}
    nothing = dict.fromkeys(SPEECH_FACES.names) | {"spectrogram": np.zeros(SPECTROGRAM_SHAPE, np.float16)}
    nothing |= {"embedding": [0.0] * 512, "face_box": [0.0] * 4, "keypoints": [0.0] * 12}
    rows = [nothing | {"clip_id": name, "speech": {"bytes": sound, "path": None}} for name, sound in sounds.items()]
    write_shard(rows, SPEECH_FACES, folder / "test" / "00000.parquet")
    return sounds


def test_examples_are_a_few_test_voices_the_same_every_time(tmp_path: Path) -> None:
    sounds = write_test_split(tmp_path / "corpus", 9)
    paths = write_examples(tmp_path / "corpus", tmp_path)
    assert [path.name for path in paths] == [f"voice {number}.flac" for number in range(1, COUNT + 1)]
    found = [path.read_bytes() for path in paths]
    assert len(set(found)) == COUNT and set(found) <= set(sounds.values())
    assert [path.read_bytes() for path in write_examples(tmp_path / "corpus", tmp_path)] == found


def test_few_voices_are_all_examples_and_no_corpus_has_none(tmp_path: Path) -> None:
    write_test_split(tmp_path / "corpus", 2)
    assert len(write_examples(tmp_path / "corpus", tmp_path)) == 2
    assert write_examples(tmp_path / "nothing", tmp_path) == []
