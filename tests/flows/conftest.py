"""A Prefect server for the whole session, and params for small corpora of drawn faces."""

import pytest
from PIL import Image
from prefect.settings import PREFECT_LOGGING_LEVEL, PREFECT_SERVER_ANALYTICS_ENABLED, temporary_settings
from prefect.testing.utilities import prefect_test_harness
from ruamel.yaml import YAML


@pytest.fixture(scope="session")
def prefect_server():
    """Twenty seconds to start, so once."""
    quiet = {PREFECT_SERVER_ANALYTICS_ENABLED: False, PREFECT_LOGGING_LEVEL: "WARNING"}
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture(scope="session")
def sources(tmp_path_factory, film_folder, face, wall):
    """A list of nine clips over the bad and good films, and six pictures."""
    videos = ["-good", "later", "crowd", "room", "silent", "unseen", "broken", "gone"]
    rows = [f"{video},0,2,0.5,0.5" for video in videos] + ["-good,0.5,2,0.5,0.5", "bad/id,0,2,0.5,0.5"]
    (film_folder / "clips.csv").write_text("\n".join(rows) + "\n")
    pictures = tmp_path_factory.mktemp("pictures")
    for number in range(5):
        Image.fromarray(face(number + 10, size=128)).save(pictures / f"{number}.png")
    Image.fromarray(wall).save(pictures / "wall.png")
    (pictures / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0cut")
    return film_folder, pictures


@pytest.fixture(scope="session")
def write_params(tmp_path_factory, sources, embedder):
    """A function that writes a params file with these sources and other values by keyword."""

    def write(**changed):
        building = {key: changed.pop(key) for key in ("runner", "address", "min_free_gb") if key in changed}
        films, pictures = (str(source) for source in sources)
        shared = {"face_px": 64, "face_margin": 2.0, "validation_share": 0.2, "workers": 2}
        speech_faces = {
            **shared, "source": films, "clip_list": "clips.csv", "url": "file:{source}/videos/{youtube_id}.mp4",
            "min_seconds": 1.0, "face_search_seconds": 2.0, "face_search_fps": 5.0, "max_centre_distance": 0.25,
            "test_share": 0.2, "shard_clips": 1, "max_height": 720,
        }  # fmt: skip
        fetching = {
            "attempts": 1, "first_pause_s": 0.0, "jitter": 0.0, "parallel": 2, "socket_timeout_s": 5.0,
            "max_seconds": 60.0, "max_gb": 1.0, "cool_down_minutes": 1.0, "cool_downs": 0,
        }  # fmt: skip
        sound = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}
        params = {
            "seed": 7,
            "speech_faces": speech_faces | {key: value for key, value in changed.items() if key != "shard_pictures"},
            "fetching": fetching,
            "portraits": {**shared, "source": pictures, "shard_pictures": changed.get("shard_pictures", 2)},
            "building": {"runner": "threads", "address": None, "min_free_gb": 0} | building,
            "spectrogram": sound,
            "face_models": {"detector_score": 0.5, "arcface": str(embedder), "age_gender": "none.onnx"},
        }
        path = tmp_path_factory.mktemp("params") / "params.yaml"
        YAML().dump(params, path)
        return path

    return write
