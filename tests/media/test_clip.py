import struct
import subprocess
import zipfile
import zlib

import imageio_ffmpeg
import numpy as np
import pytest

from s2f.media.clip import Section, read_frames, read_sound
from s2f.media.failures import Failure


def reason(call):
    with pytest.raises(Failure) as caught:
        call()
    assert "/tmp" not in caught.value.message  # no folder of this machine
    assert "pytest" not in caught.value.message
    return caught.value.reason


@pytest.fixture(scope="module")
def grey_then_white(tmp_path_factory, film):
    path = tmp_path_factory.mktemp("clip") / "-film.mp4"
    return film(path, np.full((64, 96, 3), 60, np.uint8), np.full((64, 96, 3), 250, np.uint8), seconds=2.0, hertz=440)


def sound(path, start=0.0, end=2.0, seconds=6.0, least=0.1):
    return read_sound(Section(path, start, end), 16_000, seconds, least)


def frames(path, start=0.0, end=2.0, fps=5.0, seconds=3.0):
    return list(read_frames(Section(path, start, end), fps, seconds))


def test_sound_is_16_khz_mono_of_the_section(grey_then_white):
    speech = sound(grey_then_white, 0.5, 1.5)
    assert speech.dtype == np.float32
    assert len(speech) == 16_000
    assert np.abs(np.fft.rfft(speech)).argmax() == 440  # one second: a bin is one hertz


def test_sound_ends_after_the_seconds_asked_for(grey_then_white):
    assert len(sound(grey_then_white, seconds=0.25)) == 4_000


def test_frames_are_rgb_at_the_rate_asked_for(grey_then_white):
    found = frames(grey_then_white)
    assert [at for at, _ in found] == pytest.approx(np.arange(10) / 5)
    assert {frame.shape for _, frame in found} == {(64, 96, 3)}
    assert [frame.mean() > 128 for _, frame in found] == [False] * 5 + [True] * 5


def test_a_section_starts_at_its_own_frame(grey_then_white):
    assert frames(grey_then_white, start=1.2)[0][1].mean() > 240


def test_taking_one_frame_leaves_no_process_behind(grey_then_white):
    stream = read_frames(Section(grey_then_white, 0, 2), 5, 3)
    next(stream)
    stream.close()
    assert list(stream) == []


def test_colours_are_in_the_right_order(tmp_path, film):
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    assert frames(film(tmp_path / "red.mp4", red))[0][1].mean((0, 1)) == pytest.approx([255, 0, 0], abs=6)


def test_a_turned_film_comes_upright(tmp_path, film):
    lying = film(tmp_path / "lying.mp4", np.zeros((64, 96, 3), np.uint8), seconds=0.5)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-display_rotation", "90", "-i", lying, "-c", "copy"]
    subprocess.run([*command, tmp_path / "turned.mp4"], check=True)
    assert frames(tmp_path / "turned.mp4", end=0.5)[0][1].shape == (96, 64, 3)


@pytest.mark.parametrize(
    ("height", "width", "shape"),
    [(2400, 1200, (1920, 960, 3)), (100, 3840, (50, 1920, 3)), (1080, 1920, (1080, 1920, 3))],
)
def test_a_frame_is_never_longer_than_1920_px(tmp_path, film, height, width, shape):
    path = film(tmp_path / "large.mp4", np.full((height, width, 3), 90, np.uint8), seconds=0.2, sound=False)
    assert frames(path, end=0.2)[0][1].shape == shape


def test_a_picture_of_a_quarter_of_a_gigapixel_is_not_decoded(tmp_path):
    size = struct.pack(">IIBBBBB", 16_000, 16_000, 1, 0, 0, 0, 0)  # a bit a pixel: 32 KB as a file
    packed = zlib.compress(bytes(16_000 * 2_001))
    png = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", size), (b"IDAT", packed), (b"IEND", b"")):
        png += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    (tmp_path / "huge.png").write_bytes(png)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "png_pipe", "-i", tmp_path / "huge.png"]
    subprocess.run([*command, "-c", "copy", tmp_path / "huge.mov"], check=True)
    assert reason(lambda: frames(tmp_path / "huge.mov")) == "corrupt"


def test_silent_film_and_unseen_sound_say_so(tmp_path, film, wall):
    silent, unseen = film(tmp_path / "silent.mp4", wall, sound=False), film(tmp_path / "unseen.mp4")
    assert reason(lambda: sound(silent)) == "no_audio"
    assert reason(lambda: frames(unseen)) == "no_video"


def test_too_little_sound_is_too_short(grey_then_white):
    assert reason(lambda: sound(grey_then_white, 1.5, 4.0, least=1.0)) == "too_short"
    assert reason(lambda: sound(grey_then_white, 60.0, 64.0, least=1.0)) == "too_short"


def test_no_picture_within_the_section_is_no_video(grey_then_white):
    assert reason(lambda: frames(grey_then_white, 60, 64)) == "no_video"


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"<html>not a film</html>", b"ID3" + b"\xff" * 100])
def test_what_is_no_film_is_corrupt(tmp_path, content):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    assert reason(lambda: sound(path)) == "corrupt"
    assert reason(lambda: frames(path)) == "corrupt"


def test_a_film_cut_off_is_corrupt(tmp_path, grey_then_white):
    path = tmp_path / "cut.mp4"
    path.write_bytes(grey_then_white.read_bytes()[:4000])
    assert reason(lambda: sound(path)) == "corrupt"


def refer(film, target):
    """The film as one whose samples lie in another file, `target`, and none in itself.

    Its index lies behind the samples, so that it may grow without moving them.
    """
    path = str(target).encode()
    alias = (
        bytes(10) + bytes([3]) + b"vol".ljust(27, b"\0") + bytes(12) + bytes([1]) + b"x".ljust(63, b"\0") + bytes(16)
    )
    alias += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2)
    entry = struct.pack(">I4sI", 12 + len(alias) + 4, b"alis", 0) + alias + struct.pack(">HH", 0xFFFF, 0)
    content = bytearray(film.read_bytes())
    samples = content.index(b"mdat") + 4
    content[samples : content.index(b"moov") - 4] = bytes(content.index(b"moov") - 4 - samples)
    at = 0
    while (at := content.find(b"url \0\0\0\1", at)) >= 0:
        within = at
        for name in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
            within = content.rindex(name, 0, within)
            [size] = struct.unpack_from(">I", content, within - 4)
            struct.pack_into(">I", content, within - 4, size + len(entry) - 12)
        content[at - 4 : at + 8] = entry
        at += len(entry)
    return bytes(content)


def test_a_film_whose_samples_lie_in_another_file_does_not_open_it(tmp_path, grey_then_white):
    beside = tmp_path / "film.mp4"
    beside.write_bytes(grey_then_white.read_bytes())
    (tmp_path / "refers.mov").write_bytes(refer(beside, beside))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-enable_drefs", "1", "-i", tmp_path / "refers.mov"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "pipe:"]
    followed = subprocess.run(command, capture_output=True, check=True).stdout
    assert np.frombuffer(followed, np.uint8).max() > 240  # whoever follows finds the film
    assert reason(lambda: sound(tmp_path / "refers.mov")) in ("corrupt", "no_audio", "too_short")
    assert reason(lambda: frames(tmp_path / "refers.mov")) in ("corrupt", "no_video")


def test_an_archive_in_disguise_is_corrupt(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.mp4", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.mp4", bytes(50_000_000))
    assert reason(lambda: sound(tmp_path / "bomb.mp4")) == "corrupt"
    assert reason(lambda: frames(tmp_path / "bomb.mp4")) == "corrupt"


def test_sound_may_lie_in_a_file_of_its_own(tmp_path, film, wall):
    section = Section(film(tmp_path / "seen.mp4", wall, sound=False), 0.0, 2.0, film(tmp_path / "heard.mp4", hertz=440))
    assert np.abs(np.fft.rfft(read_sound(section, 16_000, 1.0, 0.5))).argmax() == 440
    assert len(list(read_frames(section, 5.0, 1.0))) == 5
    lost = Section(section.path, 0.0, 2.0, section.path)
    assert reason(lambda: read_sound(lost, 16_000, 1.0, 0.5)) == "no_audio"


def test_a_playlist_in_disguise_reads_nothing(tmp_path, grey_then_white):
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:{grey_then_white}\n#EXT-X-ENDLIST\n")
    assert reason(lambda: sound(path)) == "corrupt"
    path.write_text(f"ffconcat version 1.0\nfile '{grey_then_white}'\n")
    assert reason(lambda: sound(path)) == "corrupt"
