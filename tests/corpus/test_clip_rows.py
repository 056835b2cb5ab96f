import shutil
import subprocess
import time
from dataclasses import asdict, replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from s2f.corpus import clip_rows
from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.cliplist import BadRow, Clip
from s2f.corpus.labels import UNKNOWN
from s2f.corpus.plan import Item
from s2f.dataset.schemas import SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import to_table
from s2f.faces.detect import FaceDetector
from s2f.faces.images import decode_image
from s2f.media.clip import read_sound
from s2f.media.failures import Failure
from s2f.media.formats import MANY
from s2f.media.store import Store
from s2f.params.face_models import FaceModelsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import InputError, TryAgainLater


@pytest.fixture(scope="module")
def rows(film_folder, embedder, fetching):
    params = SpeechFacesParams(
        source=str(film_folder), clip_list="", url="file:{source}/videos/{youtube_id}.mp4", min_seconds=1.0,
        face_search_seconds=2.0, face_search_fps=5.0, max_centre_distance=0.2, face_px=64, face_margin=2.0,
        validation_share=0.1, test_share=0.1, shard_clips=10, workers=1, max_height=720,
    )  # fmt: skip
    sound = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)
    models = FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx")
    return ClipRows(params, sound, models, fetching(attempts=2), Path("never fetched"))


UNLABELLED = asdict(UNKNOWN)  # labels are written beside what is built


def end(rows, *clip):
    [outcome] = rows.build([Item(Clip(*clip))])
    return outcome.end if isinstance(outcome.end, Failure) else outcome.end | UNLABELLED


def test_a_good_clip_becomes_a_row_of_the_schema(rows):
    row = end(rows, "-good", 0.0, 2.0, 0.5, 0.5)
    assert to_table([row], SPEECH_FACES).num_rows == 1
    assert row["clip_id"] == "-good_00000000"
    assert decode_image(row["face"]["bytes"]).shape == (64, 64, 3)
    assert np.linalg.norm(row["embedding"]) == pytest.approx(1, abs=1e-5)
    assert (row["spectrogram"].shape, row["spectrogram"].dtype) == (SPECTROGRAM_SHAPE, np.float16)
    assert row["frame_s"] == 0.0
    assert row["speech"]["bytes"][:4] == b"fLaC"


def test_the_first_frame_with_a_face_is_taken(rows):
    assert end(rows, "later", 0.0, 2.0)["frame_s"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (("crowd", 0.0, 2.0), "multiple_faces"),
        (("room", 0.0, 2.0), "no_face"),
        (("silent", 0.0, 2.0), "no_audio"),
        (("unseen", 0.0, 2.0), "no_video"),
        (("broken", 0.0, 2.0), "corrupt"),
        (("gone", 0.0, 2.0), "removed"),
        (("-good", 0.0, 0.5), "too_short"),
        (("-good", 1.5, 4.0), "too_short"),
        (("-good", 0.0, 2.0, 0.95, 0.95), "face_off_centre"),
    ],
)
def test_every_way_to_fail_has_its_reason(rows, clip, reason):
    failure = end(rows, *clip)
    assert isinstance(failure, Failure)
    assert failure.reason == reason
    assert failure.message


def test_a_bad_row_is_a_bad_row(rows):
    [outcome] = rows.build([Item(BadRow("clips.csv:7", "no start"))])
    assert (outcome.id, outcome.end.reason, outcome.end.message) == ("clips.csv:7", "bad_row", "no start")


def test_clips_of_one_video_share_a_fetch_and_fail_on_their_own(rows):
    items = [Item(Clip("-good", 0.0, 1.5)), Item(Clip("-good", 0.0, 0.2)), Item(Clip("-good", 0.5, 2.0))]
    assert [type(outcome.end) for outcome in rows.build(items)] == [dict, Failure, dict]


def test_attempts_are_those_to_fetch(rows):
    items = [Item(Clip("-good", 0.0, 2.0)), Item(Clip("-good", 0.0, 0.2)), Item(Clip("-good", 1.5, 4.0))]
    items += [Item(BadRow("clips.csv:7", "no start")), Item(Clip("gone", 0.0, 2.0))]
    assert [outcome.attempts for outcome in rows.build(items)] == [1, 0, 1, 0, 1]


def test_what_nobody_foresaw_ends_its_clip_alone(rows, monkeypatch, caplog):
    def detect(self, image):
        if self not in failed:
            failed.append(self)
        if len(failed) == 1:  # as MediaPipe does: a graph that has failed once fails ever after
            raise RuntimeError("Graph has errors:\n 0x55d0c0ffee00")
        return real(self, image)

    failed, real = [], FaceDetector.detect
    monkeypatch.setattr(FaceDetector, "detect", detect)
    broken, good = rows.build([Item(Clip("-good", 0.0, 2.0)), Item(Clip("later", 0.0, 2.0))])
    assert (broken.end.reason, broken.end.kind) == ("internal_error", "transient")
    assert broken.end.message == "RuntimeError: Graph has errors: 0x…"
    assert isinstance(good.end, dict)
    assert "Traceback" in caplog.text and "-good_00000000" in caplog.text


def test_weights_that_cannot_be_had_end_the_build_and_not_every_clip(rows):
    other = replace(rows, face_models=rows.face_models.model_copy(update={"arcface": "nowhere.onnx"}))
    with pytest.raises(InputError, match=r"nowhere\.onnx"):
        list(other.build([Item(Clip("-good", 0.0, 2.0))]))


def by_hand(speech):
    """The paper's definition in NumPy: frames of 400 every 160, periodic Hann, zeros behind, parts to the power 0.3."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    spectrum = np.array([np.fft.rfft(speech[at : at + 400] * hann, n=512) for at in range(0, len(speech) - 399, 160)])
    parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
    return np.sign(parts) * np.abs(parts) ** 0.3


def test_a_stored_spectrogram_is_that_of_the_stored_speech(rows):
    row = end(rows, "-good", 0.25, 2.0)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "pipe:", "-f", "s16le", "pipe:"]
    raw = subprocess.run(command, input=row["speech"]["bytes"], capture_output=True, check=True).stdout
    speech = np.frombuffer(raw, "<i2") / 32768
    assert 1.7 * 16_000 < len(speech) < 1.8 * 16_000
    six_seconds = np.concatenate([speech] * 4)[: 6 * 16_000]  # repeated from its start
    # float16 has 11 bits: what it rounds is within 2⁻¹¹ of the value; 1e-4 is what the power makes of rounding near 0.
    np.testing.assert_allclose(row["spectrogram"].astype(np.float64), by_hand(six_seconds), rtol=2**-11, atol=1e-4)


def test_a_row_depends_on_its_clip_alone(rows):
    first, *_, last = [Item(Clip(name, 0.0, 2.0)) for name in ("-good", "later", "room", "-good")]
    *_, together = rows.build([first, Item(Clip("later", 0.0, 2.0)), last])
    [alone] = rows.build([last])
    assert to_table([together.end | UNLABELLED], SPEECH_FACES) == to_table([alone.end | UNLABELLED], SPEECH_FACES)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory, film, face):
    """Two minutes of one face, in a folder that can be served: long enough for sections."""
    folder = tmp_path_factory.mktemp("served")
    rng = np.random.default_rng(0)
    noisy = [np.clip(face(1) + rng.normal(0, 20, (160, 160, 1)), 0, 255).astype(np.uint8) for _ in range(60)]
    film(folder / "long.mp4", *noisy * 20, seconds=120.0)
    return folder


def fetched_from(rows, place, media):
    return replace(rows, params=rows.params.model_copy(update={"url": f"{place}{{youtube_id}}.mp4"}), media=media)


def test_a_row_is_the_same_however_its_video_was_fetched(long_film, rows, video_server, tmp_path):
    clips = [Item(Clip("long", begin, begin + 3.0)) for begin in (1.0, 60.5)]
    found, sent = {}, {}
    with video_server(long_film) as server:
        ways = {"local": f"file:{long_film}/", "sections": server.url, "whole": f"{server.url}no-range/"}
        for name, place in ways.items():
            server.sent.clear()
            outcomes = list(fetched_from(rows, place, tmp_path / name).build(clips))
            assert [outcome.attempts for outcome in outcomes] == [1, 1]
            found[name] = to_table([outcome.end | UNLABELLED for outcome in outcomes], SPEECH_FACES)
            sent[name] = server.sent["long.mp4"]
    assert found["local"].num_rows == 2
    assert found["local"] == found["sections"] == found["whole"]
    size = (long_film / "long.mp4").stat().st_size
    assert sent["local"] == 0 and sent["whole"] >= size > 2 * sent["sections"] > 0


def test_a_video_is_fetched_once_for_all_its_clips_and_not_again_until_its_rows_are_written(
    film_folder, rows, video_server, tmp_path
):
    with video_server(film_folder / "videos", rules={"later.mp4": "404"}) as server:
        served = fetched_from(rows, server.url, tmp_path)
        clips = [Clip("-good", 0.0, 2.0), Clip("-good", 0.5, 2.0), Clip("-good", 0.0, 0.5)]
        items = [Item(clip) for clip in clips]
        outcomes = list(served.build(items))
        assert [getattr(outcome.end, "reason", "ok") for outcome in outcomes] == ["ok", "ok", "too_short"]
        once = server.requests["-good.mp4"]
        again = list(served.build(items))  # as after a kill
        assert to_table([again[0].end | UNLABELLED], SPEECH_FACES) == to_table(
            [outcomes[0].end | UNLABELLED], SPEECH_FACES
        )
        assert server.requests["-good.mp4"] == once
        served.done(items)
        list(served.build(items[:1]))
        assert server.requests["-good.mp4"] == 2 * once  # as many requests for one clip as for three
        for _ in range(2):
            gone = list(served.build([Item(Clip("later", begin, begin + 1.5)) for begin in (0.0, 0.5)]))
            assert [outcome.end.reason for outcome in gone] == ["removed", "removed"]
            assert server.requests["later.mp4"] == 1


def test_videos_of_which_not_one_has_a_format_end_the_build_and_are_asked_for_again(
    film_folder, rows, video_server, tmp_path
):
    videos = [f"v{number:02d}" for number in range(MANY)]
    items = [Item(Clip(video, 0.0, 2.0)) for video in videos]
    with video_server(film_folder / "videos", rules=dict.fromkeys((f"{one}.mp4" for one in videos), "page")) as server:
        served = fetched_from(rows, server.url, tmp_path)
        with pytest.raises(TryAgainLater, match="25 videos in a row"):
            list(served.build(items))
        server.rules[f"{videos[0]}.mp4"] = "to:/-good.mp4"  # yt-dlp was updated
        first, *others = served.build(items)
    assert isinstance(first.end, dict)
    assert {outcome.end.reason for outcome in others} == {"no_format"}


def test_what_failed_for_a_moment_is_tried_again_and_once_more_when_its_turn_comes(
    film_folder, rows, video_server, tmp_path
):
    with video_server(film_folder / "videos", rules={"-good.mp4": "first:1:500"}) as server:
        served = fetched_from(rows, server.url, tmp_path)
        for failures, attempts in ((1, 2), (2, 3), (3, 4)):
            server.rules["-good.mp4"] = f"first:{server.requests['-good.mp4'] + failures}:500"
            [outcome] = served.build([Item(Clip("-good", 0.0, 2.0))])
            assert outcome.attempts == attempts and not isinstance(outcome.end, Failure)
            served.done([Item(Clip("-good", 0.0, 2.0))])
        server.rules["-good.mp4"] = "503"
        [outcome] = served.build([Item(Clip("-good", 0.0, 2.0))])
        assert (outcome.end.reason, outcome.attempts) == ("network", 4)


def test_a_refused_video_is_put_off_until_another_was_answered(film_folder, rows, video_server, tmp_path):
    rules = {"-good.mp4": "first:1:429"}
    with video_server(film_folder / "videos", rules=rules) as server:
        served = fetched_from(rows, server.url, tmp_path)
        patient = served.fetching.model_copy(update={"cool_down_minutes": 0.01, "cool_downs": 1, "parallel": 1})
        items = [Item(Clip(name, 0.0, 2.0)) for name in ("-good", "later", "room")]
        outcomes = list(replace(served, fetching=patient).build(items))
        assert [getattr(outcome.end, "reason", "ok") for outcome in outcomes] == ["ok", "ok", "no_face"]
        assert [outcome.attempts for outcome in outcomes] == [2, 1, 1]


def test_a_host_that_refuses_everything_ends_the_build_and_no_item(film_folder, rows, video_server, tmp_path):
    names = ("-good", "later", "room", "crowd")
    with video_server(film_folder / "videos", rules={f"{name}.mp4": "429" for name in names}) as server:
        served = fetched_from(rows, server.url, tmp_path)
        patient = served.fetching.model_copy(update={"cool_down_minutes": 0.001, "cool_downs": 2, "parallel": 1})
        with pytest.raises(TryAgainLater, match=r"rate_limited.*after 2 cool-downs"):
            list(replace(served, fetching=patient).build([Item(Clip(name, 0.0, 2.0)) for name in names]))
        assert sum(server.requests.values()) == 3
        with pytest.raises(TryAgainLater):  # too early
            list(replace(served, fetching=patient).build([Item(Clip(name, 0.0, 2.0)) for name in names]))
        assert sum(server.requests.values()) == 3


def test_what_is_deleted_between_its_fetch_and_the_look_at_it_is_fetched_again(
    film_folder, rows, video_server, tmp_path
):
    with video_server(film_folder / "videos") as server:
        served = fetched_from(rows, server.url, tmp_path)
        outcomes = served.build([Item(Clip(name, 0.0, 2.0)) for name in ("-good", "later")])
        assert isinstance(next(outcomes).end, dict)
        end = time.monotonic() + 60
        while not list(tmp_path.glob("*/later/fetched.json")) and time.monotonic() < end:
            time.sleep(0.01)
        assert Store(tmp_path).forget("later")
        assert isinstance(next(outcomes).end, dict)


def test_attempts_at_fetching_count_too_where_the_clip_is_of_no_use(film_folder, rows, video_server, tmp_path):
    with video_server(film_folder / "videos", rules={"silent.mp4": "first:1:500"}) as server:
        [outcome] = fetched_from(rows, server.url, tmp_path).build([Item(Clip("silent", 0.0, 2.0))])
    assert (outcome.end.reason, outcome.attempts) == ("no_audio", 2)


@pytest.mark.parametrize("content", ["<html>hello</html>", "#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"])
def test_what_a_server_passes_off_as_a_film_is_corrupt(tmp_path, rows, video_server, content):
    (tmp_path / "lie.mp4").write_text(content)
    with video_server(tmp_path) as server:
        [outcome] = fetched_from(rows, server.url, tmp_path / "media").build([Item(Clip("lie", 0.0, 2.0))])
    assert outcome.end.reason == "corrupt"


@pytest.fixture
def changing(rows, film_folder, tmp_path, monkeypatch):
    """Rows of one video whose file is, at each look at it, the next of those given; what is given last stays."""

    def change(*names):
        video, left = tmp_path / "videos" / "v.mp4", list(names)
        video.parent.mkdir()

        def put():
            shutil.copy(film_folder / "videos" / f"{left.pop(0)}.mp4", tmp_path / "new.mp4")
            (tmp_path / "new.mp4").replace(video)

        def read(*arguments):
            if not left:
                return read_sound(*arguments)
            try:
                return read_sound(*arguments)
            finally:
                put()

        put()
        monkeypatch.setattr(clip_rows, "read_sound", read)
        return replace(rows, params=rows.params.model_copy(update={"source": f"{tmp_path}"}))

    return change


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("broken", "-good"), None), (("-good", "silent"), "no_audio"), (("-good", "broken", "-good"), None),
     (("-good", "silent", "broken", "-good"), "internal_error")],
)  # fmt: skip
def test_what_is_replaced_while_it_is_read_is_read_again_and_proves_nothing(changing, names, reason):
    row = end(changing(*names), "v", 0.0, 2.0)
    assert getattr(row, "reason", None) == reason, row
