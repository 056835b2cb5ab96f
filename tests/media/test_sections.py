import subprocess
import time

import imageio_ffmpeg
import numpy as np
import pytest

from s2f.media import sections
from s2f.media.clip import Section, read_frames, read_sound
from s2f.media.failures import Failure
from s2f.media.fetch import fetch_video
from s2f.media.ranges import BLOCK, Piece, RangedFile
from s2f.media.sections import cut, flaw, merged, parse, worth_cutting

MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT180S"><Period>
<AdaptationSet mimeType="video/mp4"><Representation id="v" codecs="avc1.42c00d" width="192" height="108"
 bandwidth="500000"><BaseURL>pictures.mp4</BaseURL></Representation></AdaptationSet>
<AdaptationSet mimeType="audio/mp4"><Representation id="a" codecs="mp4a.40.2" bandwidth="64000">
<BaseURL>sound.m4a</BaseURL></Representation></AdaptationSet></Period></MPD>"""
SPANS = [(0.0, 3.0), (101.3, 106.3)]  # the second begins in the middle of a group of pictures
MB = 1_000_000
# How one film is stored: an index at its end, at its front, in fragments, with an index of fragments; other containers.
FILMS = {
    "end.mp4": ["-c", "copy"],
    "front.mp4": ["-c", "copy", "-movflags", "+faststart"],
    "fragments.mp4": ["-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
    "dash.mp4": ["-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof+global_sidx"],
    "opus.mkv": ["-c:v", "copy", "-c:a", "libopus"],
    "late.ts": ["-c", "copy", "-output_ts_offset", "7"],
}
APART = {
    "pictures.mp4": [*FILMS["dash.mp4"], "-an"],
    "sound.m4a": [*FILMS["dash.mp4"], "-vn", "-frag_duration", "5000000"],
}


def ffmpeg(*words):
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, words)], check=True)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Three minutes of pictures with B-frames, a key frame every five seconds, and of a tone that rises."""
    folder = tmp_path_factory.mktemp("films")
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=192x108:r=30000/1001:d=180"),
        *("-f", "lavfi", "-i", "aevalsrc=0.3*sin(2*PI*t*(200+5*t)):s=44100:d=180"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", 2, "-g", 150, "-b:v", "500k", "-c:a", "aac"),
        folder / "film.mkv",
    )
    for name, options in (FILMS | APART).items():
        ffmpeg("-i", folder / "film.mkv", *options, folder / name)
    (folder / "apart.mpd").write_text(MPD)
    return folder


@pytest.fixture(scope="module")
def server(films, video_server):
    with video_server(films) as serving:
        yield serving


@pytest.fixture
def fetch(tmp_path, server, fetching):
    def get(name, spans=SPANS, **changed):
        server.requests.clear()
        server.sent.clear()
        return fetch_video(server.url + name, tmp_path, spans, fetching(**changed), 720)

    return get


def seen_and_heard(section):
    """Everything that is read of a clip."""
    frames = list(read_frames(section, fps=5.0, seconds=3.0))
    return [at for at, _ in frames], np.array([one for _, one in frames]), read_sound(section, 16_000, 6.0, 1.0)


@pytest.mark.parametrize("name", FILMS)
def test_a_clip_of_a_section_is_the_clip_of_the_whole_bit_for_bit(films, fetch, name):
    got = fetch(name)
    size = (films / name).stat().st_size
    assert got.fetched_bytes < size / 2
    assert got.picture.stat().st_size == size
    for start, end in SPANS:
        times, frames, sound = seen_and_heard(got.section(start, end))
        whole_times, whole_frames, whole_sound = seen_and_heard(Section(films / name, start, end))
        assert times == whole_times and len(times) == 15
        assert np.array_equal(frames, whole_frames)
        assert np.array_equal(sound, whole_sound) and len(sound) >= 3 * 16_000


@pytest.mark.parametrize("spans", [SPANS, [(12.0 * place, 12.0 * place + 6.0) for place in range(14)]])
def test_sound_and_pictures_in_files_of_their_own_are_read_as_they_are(films, fetch, server, spans):
    got = fetch("apart.mpd", spans)
    sizes = [(films / name).stat().st_size for name in APART]
    assert got.picture != got.sound
    assert [path.stat().st_size for path in (got.picture, got.sound)] == sizes
    assert got.fetched_bytes < sum(sizes) / 2 if spans is SPANS else got.fetched_bytes == sum(sizes)
    for start, end in spans[:2]:
        apart = Section(films / "pictures.mp4", start, end, films / "sound.m4a")
        for mine, whole in zip(seen_and_heard(got.section(start, end)), seen_and_heard(apart), strict=True):
            assert np.array_equal(mine, whole) and len(mine) >= 15


def test_only_what_is_needed_is_fetched_and_nothing_twice(films, fetch, server):
    got = fetch("front.mp4", [(60.0, 63.0)])
    size = (films / "front.mp4").stat().st_size
    assert got.fetched_bytes < size / 4
    assert got.picture.stat().st_blocks * 512 < size / 3  # on the disk too
    assert got.fetched_bytes <= server.sent["front.mp4"] <= got.fetched_bytes + 3 * MB  # yt-dlp's first look is cut off


def test_a_server_without_range_and_many_clips_are_fetched_whole(films, fetch):
    size = (films / "front.mp4").stat().st_size
    got = fetch("no-range/front.mp4")
    assert got.picture.read_bytes() == (films / "front.mp4").read_bytes()
    many = fetch("front.mp4", [(20.0 * place, 20.0 * place + 6) for place in range(9)])
    assert many.fetched_bytes == size
    assert got.whole and many.whole and not fetch("front.mp4").whole and not fetch("apart.mpd").whole


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("404", "removed"), ("410", "removed"), ("403", "forbidden"), ("429", "rate_limited"), ("500", "network"),
     ("reset", "network"), ("cut", "network"), ("page", "network"), ("loop", "no_format"),
     ("to:http://10.0.0.1/x", "unsafe_address"), ("stall", "timeout"), ("drip", "timeout"),
     ("drip-headers", "timeout"), ("other-range", "network")],
)  # fmt: skip
@pytest.mark.parametrize("requests", [2, 4])  # once a range was answered, and while ffmpeg reads
def test_a_fault_while_sections_are_fetched_becomes_a_reason(tmp_path, fetch, server, fault, reason, requests):
    server.rules["end.mp4"] = f"after:{requests}:{fault}"
    with pytest.raises(Failure) as caught:
        fetch("end.mp4", socket_timeout_s=0.5, max_seconds=1.5)
    del server.rules["end.mp4"]
    assert caught.value.reason == reason
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_fetched_whole(tmp_path, films, fetch, server, monkeypatch):
    ask = server.count

    def touch(name, headers):
        if server.requests[name] == 3:
            (films / name).write_bytes((films / "front.mp4").read_bytes())
        return ask(name, headers)

    (films / "changing.mp4").write_bytes((films / "end.mp4").read_bytes())
    monkeypatch.setattr(server, "count", touch)
    got = fetch("changing.mp4")
    assert server.requests["changing.mp4"] > 3
    assert got.picture.read_bytes() == (films / "front.mp4").read_bytes()


def test_a_server_that_stops_sending_parts_is_asked_for_the_whole(films, fetch, server):
    server.rules["front.mp4"] = "after:3:no-range"
    got = fetch("front.mp4")
    del server.rules["front.mp4"]
    assert got.picture.read_bytes() == (films / "front.mp4").read_bytes()


def test_a_section_of_a_huge_video_costs_little_and_its_whole_is_too_large(films, fetch, server):
    path = films / "huge.mp4"  # 20 GB of nothing behind the film, in a box that is skipped
    path.write_bytes((films / "front.mp4").read_bytes())
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write((1).to_bytes(4, "big") + b"free" + (20_000 * MB).to_bytes(8, "big"))
        file.truncate(file.tell() + 20_000 * MB - 16)
    got = fetch("huge.mp4", max_gb=0.1)
    assert got.fetched_bytes < 20 * MB
    assert got.picture.stat().st_blocks * 512 < 40 * MB
    with pytest.raises(Failure) as caught:
        fetch("no-range/huge.mp4", max_gb=0.1)
    assert caught.value.reason == "too_large"


def test_a_section_that_does_not_hold_is_fetched_whole_and_once(films, fetch, server, monkeypatch):
    monkeypatch.setattr(sections, "flaw", lambda packets, seconds: "it is not to our liking")
    got = fetch("front.mp4")
    size = (films / "front.mp4").stat().st_size
    assert got.picture.read_bytes() == (films / "front.mp4").read_bytes()
    assert got.fetched_bytes == size
    assert server.sent["front.mp4"] < size + 3 * MB  # what was there is kept


def test_a_clip_behind_the_end_of_a_video_is_judged_by_the_whole(films, fetch):
    got = fetch("front.mp4", [(500.0, 505.0)])
    assert got.picture.read_bytes() == (films / "front.mp4").read_bytes()
    with pytest.raises(Failure) as caught:
        read_sound(got.section(500.0, 505.0), 16_000, 6.0, 1.0)
    assert caught.value.reason == "too_short"


def test_bytes_come_no_faster_than_they_may(films, fetch):
    begin = time.monotonic()
    got = fetch("sound.m4a", [(0.0, 3.0)], max_bytes_per_s=2 * MB)
    assert time.monotonic() - begin >= got.fetched_bytes / (2 * MB)
    assert got.fetched_bytes > MB / 2


def test_ffmpeg_asks_no_proxy_of_the_environment_for_this_machine(fetch, films, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # for yt-dlp's own requests
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch("front.mp4").fetched_bytes < (films / "front.mp4").stat().st_size / 2


@pytest.mark.parametrize(
    ("megabytes", "duration", "spans", "worth"),
    [
        (100, 600.0, [(10, 20)], True),
        (100, 600.0, [(10, 20), (300, 310), (500, 505)], True),
        (100, 600.0, [(30 * place, 30 * place + 10) for place in range(20)], False),
        (100, 30.0, [(10, 20)], False),
        (100, None, [(10, 20)], True),  # 100 MB last 200 s at the least
        (10, None, [(10, 20)], False),
        (10, None, [(500, 510)], True),  # so long it is
        (10_000, 36_000.0, [(20_000, 20_010)], True),
        (100, 600.0, [], False),
        (100, 600.0, [(0, 600)], False),
        (100, 600.0, [(100, 110)] * 30, True),  # the same seconds thirty times
    ],
)
def test_sections_are_fetched_where_that_clearly_saves_bytes(megabytes, duration, spans, worth):
    assert worth_cutting(megabytes * MB, duration, spans) is worth


def test_spans_are_merged_from_nought_on():
    assert merged([(8, 12), (-3, 4), (11, 20), (4, 5)]) == [(0.0, 5), (8, 20)]


def steady(begin, end, step=0.04):
    return [(place * step, (place + 1) * step) for place in range(round(begin / step), round(end / step))]


@pytest.mark.parametrize(
    ("sound", "picture", "words"),
    [
        ((-1, 8), (-4, 8), None),
        ((-1, 5), (-4, 5), None),
        ((-1, 8), (1, 8), "video from 1.00"),
        ((1, 8), (-4, 8), "audio from 1.00"),
        ((-1, 3), (-4, 8), "audio from -1.00 to 3.00 s"),
        ((-1, 8), (-4, 3), "video from -4.00 to 3.00 s"),
    ],
)
def test_sound_and_picture_must_cover_a_clip_together(sound, picture, words):
    found = flaw({"audio": steady(*sound), "video": steady(*picture)}, 5.0)
    assert found is None if words is None else words in found


def test_sound_and_picture_must_begin_together():
    assert flaw({"audio": steady(0.16, 8), "video": steady(-0.4, 8)}, 5.0) is None
    assert flaw({"audio": steady(0.4, 8), "video": steady(0.32, 8)}, 5.0) is None
    found = flaw({"audio": steady(0.4, 8), "video": steady(-0.4, 8)}, 5.0)
    assert found == "sound and picture begin 0.40 s apart"


def test_gaps_and_pictures_that_are_rare_do_not_hold():
    assert "gap of 2.0" in flaw({"audio": steady(-1, 2) + steady(4, 8)}, 5.0)
    assert "too few" in flaw({"video": steady(-4, 8, step=0.5)}, 5.0)
    assert "too few" in flaw({"video": [(0.0, 9.0)]}, 5.0)
    assert flaw({}, 5.0) == "nothing there"
    assert flaw({"audio": steady(-1, 8)}, 5.0) is None  # a file of sound alone


def test_ffmpegs_list_of_packets_is_read_with_its_time_bases():
    text = (
        "#extradata 0:        5, 0x03460155\n#tb 0: 1/1000\n#media_type 0: audio\n#tb 1: 1/25\n#media_type 1: video\n"
        "0,  -20,  -20,  20,  182, 0x806a684c\n1,  -2,  0,  1,  7306, 0xa3ba89ae, F=0x0, S=1, 8\n"
        "1,  -1,  -9223372036854775808,  1,  10, 0xa3ba89ae\n"
    )
    assert parse(text) == {"audio": [(-0.02, 0.0)], "video": [(0.0, 0.04)]}


@pytest.mark.parametrize("content", [b"<html>" + bytes(3 * MB), b"#EXTM3U\nfile:///etc/passwd\n" + bytes(3 * MB)])
def test_what_is_no_film_does_not_hold(tmp_path, content):
    def ask(start, stop):
        return Piece(content[start:stop], len(content), "")

    file = RangedFile(ask, ask(0, BLOCK), tmp_path / "x")
    assert cut(file, [(0.0, 3.0)]) is not None
