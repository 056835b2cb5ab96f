"""The plan of the sample and a piece of it, drawn: people enough, every bad kind, the same twice."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from s2f.corpus.portraits import Portraits
from s2f.corpus.speech_faces import SpeechFaces
from s2f.corpus.splits import SPLITS
from s2f.faces.images import decode_image
from s2f.params.experiment import read_experiment
from s2f.sample import law
from s2f.sample.bad import BAD_CLIPS, BAD_PICTURES
from s2f.sample.draw import draw_picture, draw_video, plan_pictures, plan_videos, write_lists

ROOT = Path(__file__).parents[2]


def test_there_are_speakers_enough_and_every_bad_kind() -> None:
    videos, pictures = plan_videos(), plan_pictures()
    good = [video for video in videos if video.kind == "speaker"]
    assert len({video.person for video in good}) == law.SPEAKERS >= 400
    assert sum(video.clips == 2 for video in good) == law.SPEAKERS_WITH_TWO_CLIPS
    assert {video.kind for video in videos} == {"speaker", *BAD_CLIPS}
    assert Counter(picture.kind for picture in pictures)["portrait"] == law.PORTRAITS >= 1200
    assert {picture.kind for picture in pictures} == {"portrait", *BAD_PICTURES}


def test_the_splits_of_params_yaml_have_people_enough(tmp_path: Path) -> None:
    seconds = [(0.0, 3.0, 0.5, 0.5), (4.0, 7.0, 0.5, 0.5)]
    videos, pictures = plan_videos(), plan_pictures()
    (tmp_path / "speech").mkdir()
    (tmp_path / "portraits").mkdir()
    write_lists(tmp_path, [(video, seconds[: video.clips]) for video in videos], pictures)
    for picture in pictures:
        (tmp_path / "portraits" / picture.name).touch()
    params = read_experiment(ROOT / "params.yaml")
    heard = params.speech_faces.model_copy(update={"source": str(tmp_path / "speech")})
    seen = params.portraits.model_copy(update={"source": str(tmp_path / "portraits")})
    people: dict[str, set[str]] = {split: set() for split in SPLITS}
    for split, item in SpeechFaces(heard, params.fetching, params.spectrogram, params.face_models, params.seed).items():
        people[split] |= {item.labels.person} - {None}
    assert len(people["test"]) >= 80
    assert len(people["train"]) >= 200
    assert sum(map(len, people.values())) == len(set.union(*people.values())) == law.SPEAKERS
    portraits = Counter(split for split, _ in Portraits(seen, params.face_models, params.seed).items())
    assert portraits["train"] >= 600


def test_names_are_youtubes_and_some_begin_with_a_dash() -> None:
    names = [video.name for video in plan_videos()]
    assert len(set(names)) == len(names)
    assert all(len(name) == 11 for name in names)
    assert names == sorted(names)
    assert sum(name.startswith("-") for name in names) >= 5


def test_speakers_and_portraits_are_different_people() -> None:
    speakers = {video.identity for video in plan_videos()} - {None}
    assert not speakers & {picture.identity for picture in plan_pictures()}


def test_a_few_videos_drawn_twice_are_the_same_and_listed(tmp_path: Path) -> None:
    videos = [v for v in plan_videos() if v.clips == 2][:1]
    videos += [next(v for v in plan_videos() if v.kind == kind) for kind in ("missing", "garbled")]
    pictures = [picture for picture in plan_pictures() if picture.kind in ("portrait", "garbled")][:3]
    seen = []
    for name in ("a", "b"):
        folder = tmp_path / name
        (folder / "speech" / "videos").mkdir(parents=True)
        (folder / "portraits").mkdir()
        rows = [(video, draw_video(video, folder / "speech" / "videos")) for video in videos]
        for picture in pictures:
            draw_picture(picture, folder / "portraits")
        write_lists(folder, rows, pictures)
        seen.append({str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()})
    assert seen[0] == seen[1]
    clips = list(csv.reader((tmp_path / "a" / "speech" / "clips.csv").read_text().splitlines()))
    labels = list(csv.DictReader((tmp_path / "a" / "speech" / "labels.csv").read_text().splitlines()))
    listed = {(row[0], row[1]) for row in clips}
    assert {row[0] for row in clips} == {video.name for video in videos}
    assert all((label["youtube_id"], label["start"]) in listed for label in labels)
    assert {label["youtube_id"] for label in labels} == {v.name for v in videos if v.kind == "speaker"}
    truth = pq.read_table(tmp_path / "a" / "law.parquet").to_pylist()
    assert len(truth) == len(clips) + len(pictures)
    assert {row["kind"] for row in truth} >= {"speaker", "portrait", "missing"}


def test_a_portrait_is_a_square_jpeg_that_shows_its_person(tmp_path: Path) -> None:
    picture = next(picture for picture in plan_pictures() if picture.identity)
    draw_picture(picture, tmp_path)
    first = decode_image((tmp_path / picture.name).read_bytes())
    assert first.shape == (192, 192, 3)
    skin = -picture.identity.skin / abs(picture.identity.skin)
    draw_picture(replace(picture, identity=replace(picture.identity, skin=skin)), tmp_path)
    assert not np.array_equal(first, decode_image((tmp_path / picture.name).read_bytes()))
