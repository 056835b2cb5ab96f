"""The whole project at toy scale: a copy of it, a slice of the sample, models of a few thousand numbers."""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.local_server import LocalServer
from s2f.sample.draw import draw_picture, draw_video, plan_pictures, plan_videos, write_lists

ROOT = Path(__file__).parents[2]
SPEAKERS, PORTRAITS = 16, 36

UNET = {"base_channels": 8, "channel_multiples": [1, 2], "blocks": [1, 1], "attention_at": [2], "heads": 2, "groups": 4}
TRAINING = {"steps": 2, "batch": 4, "validate_steps": 1, "checkpoint_steps": 1}
TOY: dict[str, dict[str, Any]] = {
    "speech_faces": {
        "source": "data/toy/speech",
        "face_px": 32,
        "validation_share": 0.2,
        "test_share": 0.4,
        "shard_clips": 3,
        "workers": 1,
    },
    "portraits": {"source": "data/toy/portraits", "face_px": 32, "validation_share": 0.2, "shard_pictures": 12},
    "speech_encoder": {"width": 1 / 64},
    "speech_encoder_training": TRAINING,
    "face_decoder": {**UNET, "image_px": 16},
    "face_decoder_training": TRAINING,
    "super_resolution": {**UNET, "low_px": 16, "image_px": 32},
    "super_resolution_training": {**TRAINING, "crop_px": 16},
    "generation": {"guidance": [0, 1], "samples": 1, "steps": 2, "super_resolution_steps": 1},
    "evaluation": {"resamples": 100, "example_voices": 2},
}


class Project:
    """A copy of this project in a git repository of its own, with toy params and a slice of the sample."""

    def __init__(self, folder: Path, sample: Path, api_url: str) -> None:
        self.folder = folder
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = theirs | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PREFECT_API_URL": api_url,
            "OMP_NUM_THREADS": "1",
            **{
                f"GIT_{who}_{what}": "nobody@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
            },
        }
        listed = self.run("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z").stdout.split("\0")
        for name in listed:
            if name and (ROOT / name).is_file() and not name.startswith(("tests/", "reports/")):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        (folder / "dvc.lock").unlink()
        # A hard link, so that a shard that DVC has taken is still the flow's own file.
        (folder / ".dvc" / "config.local").write_text("[cache]\n    type = hardlink\n")
        shutil.copytree(sample, folder / "data" / "toy")
        content = YAML().load(folder / "params.yaml")
        for section, values in TOY.items():
            content[section] |= copy.deepcopy(values)  # no list twice: YAML would let one refer to the other
        YAML().dump(content, folder / "params.yaml")
        self.run("git", "init", "--quiet")
        self.commit()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """What it said, on both streams; it must succeed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, done.stdout
        return done

    def dvc(self, *words: str) -> str:
        """What `dvc …` said."""
        return self.run(sys.executable, "-m", "dvc", *words).stdout

    def commit(self) -> None:
        """Everything as it is."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "as it is")


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Project]]:
    """Makes projects, all with the same few clips and pictures, and with one Prefect server, to save seconds."""
    sample = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        server = LocalServer()
        try:
            draw_slice(sample)  # while it starts
            server.wait()
            yield lambda: Project(tmp_path_factory.mktemp("project"), sample, server.api_url)
        finally:
            server.stop()


def draw_slice(out: Path) -> None:
    """A few of the sample's speakers and portraits, and four clips that cannot be read."""
    (out / "speech" / "videos").mkdir(parents=True)
    (out / "portraits").mkdir()
    speakers = [video for video in plan_videos() if video.identity and video.clips == 1][:SPEAKERS]
    videos = speakers + [video for video in plan_videos() if video.kind in ("missing", "garbled")]
    pictures = [picture for picture in plan_pictures() if picture.identity][:PORTRAITS]
    rows = [(video, draw_video(video, out / "speech" / "videos")) for video in videos]
    for picture in pictures:
        draw_picture(picture, out / "portraits")
    write_lists(out, rows, pictures)
