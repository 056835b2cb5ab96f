import hashlib
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from s2f import decoding
from s2f.audio.speech import decode_speech, encode_flac, fit, read_speech
from s2f.runtime import InputError

RATE = 16_000


def tone(seconds=1.0, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def to_16_bits(speech):
    return (np.round(speech * 32768).clip(-32768, 32767) / 32768).astype(np.float32)


def run_ffmpeg(*arguments, content=b""):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=content, check=True)


def write_sound(path, speech, channels=1, rate=RATE):
    content = np.repeat(speech[:, None], channels, axis=1).astype("<f4").tobytes()
    run_ffmpeg("-f", "f32le", "-ar", rate, "-ac", channels, "-i", "-", f"file:{path}", content=content)


def test_flac_brings_back_every_sample():
    speech = np.random.default_rng(0).uniform(-1, 1, 12_345).astype(np.float32)
    assert np.array_equal(decode_speech(encode_flac(speech, RATE), RATE), to_16_bits(speech))


def test_flac_of_the_same_speech_is_the_same_bytes():
    assert encode_flac(tone(), RATE) == encode_flac(tone(), RATE)


def test_flac_tells_its_length_and_checksum():
    # STREAMINFO: 36 bits of sample count, then the MD5 of the samples.
    content = encode_flac(tone(), RATE)
    assert int.from_bytes(content[18:26], "big") & (2**36 - 1) == RATE
    assert content[26:42] == hashlib.md5((tone() * 32768).round().astype("<i2").tobytes()).digest()


def test_full_scale_is_clipped_not_wrapped():
    loud = decode_speech(encode_flac(np.tile([2.0, -2.0, 1.0, -1.0], 10), RATE), RATE)
    np.testing.assert_allclose(loud, np.tile([1, -1], 20), atol=1e-4)


def test_flac_holds_one_sample_and_refuses_none():
    assert len(decode_speech(encode_flac(tone()[:1], RATE), RATE)) == 1
    with pytest.raises(InputError, match="at least one"):
        encode_flac(tone()[:0], RATE)


@pytest.mark.parametrize("name", ["sound.wav", "-begins-with-a-dash.flac", "has:colon, 100% and spaces.wav"])
def test_any_name_is_read(tmp_path, name):
    write_sound(tmp_path / name, tone())
    np.testing.assert_allclose(read_speech(tmp_path / name, RATE), tone(), atol=1 / 32768)


def test_two_alike_channels_are_no_louder_than_one(tmp_path):
    for name in ("stereo.wav", "stereo.m4a"):
        write_sound(tmp_path / name, tone(), channels=2)
        loudness = np.square(read_speech(tmp_path / name, RATE)[4_000:12_000]).mean()
        assert loudness == pytest.approx(0.125, rel=0.02)


def test_another_rate_is_resampled(tmp_path):
    write_sound(tmp_path / "high.wav", tone(rate=44_100), rate=44_100)
    speech = read_speech(tmp_path / "high.wav", RATE)
    assert len(speech) == RATE
    np.testing.assert_allclose(speech[1_000:-1_000], tone()[1_000:-1_000], atol=0.01)


def test_only_the_seconds_asked_for_are_read(tmp_path):
    write_sound(tmp_path / "long.wav", tone(3))
    assert np.array_equal(read_speech(tmp_path / "long.wav", RATE, seconds=1.5), to_16_bits(tone(1.5)))
    assert len(read_speech(tmp_path / "long.wav", RATE, seconds=60)) == 3 * RATE


def test_what_lies_before_the_start_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("s2f.audio.speech.PIECE", 1000)
    path = tmp_path / "long.flac"
    path.write_bytes(encode_flac(tone(3), RATE))
    whole = read_speech(path, RATE)
    assert np.array_equal(read_speech(path, RATE, seconds=1.5, start=0.7), whole[round(0.7 * RATE) : round(2.2 * RATE)])
    assert np.array_equal(read_speech(path, RATE, start=2.9), whole[round(2.9 * RATE) :])
    with pytest.raises(InputError, match=r"long\.flac: over before 3 s; begin earlier"):
        read_speech(path, RATE, seconds=1, start=3)
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match="cannot read it"):
        read_speech(tmp_path / "broken.wav", RATE, seconds=1, start=3)


def test_the_sound_of_a_video_is_read(tmp_path):
    write_sound(tmp_path / "sound.wav", tone(2))
    picture = ("-f", "lavfi", "-i", "color=s=64x64:d=2")
    run_ffmpeg(*picture, "-i", tmp_path / "sound.wav", "-shortest", tmp_path / "video.mp4")
    assert abs(len(read_speech(tmp_path / "video.mp4", RATE)) - 2 * RATE) < 2_048  # an AAC frame or two


@pytest.mark.parametrize("kind", ["m4a", "opus", "mp3"])
def test_a_limit_loses_no_sample_to_a_codecs_priming(tmp_path, kind):
    write_sound(tmp_path / "sound.wav", tone(3))
    run_ffmpeg("-i", tmp_path / "sound.wav", tmp_path / f"sound.{kind}")
    whole = read_speech(tmp_path / f"sound.{kind}", RATE)
    assert np.array_equal(read_speech(tmp_path / f"sound.{kind}", RATE, seconds=1.5), whole[: RATE * 3 // 2])


def test_what_cannot_be_heard_is_one_sentence(tmp_path):
    run_ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=1", tmp_path / "silent.mp4")
    (tmp_path / "text.wav").write_text("no sound at all")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://localhost:9/a.ts\n")
    for name, reason in [
        ("silent.mp4", "holds no sound"),
        ("text.wav", "cannot read it"),
        ("list.m3u8", "cannot read it"),
        ("none.wav", "no such file"),
    ]:
        with pytest.raises(InputError, match=reason) as caught:
            read_speech(tmp_path / name, RATE)
        assert name in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="speech"):
        decode_speech(b"nothing", RATE)


@pytest.mark.parametrize("name", ["list.wav", "list.mp4", "list.m3u8"])
@pytest.mark.parametrize(
    "content",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"],
    ids=["hls", "concat"],
)
def test_a_playlist_under_any_name_reads_no_other_file(tmp_path, name, content):
    write_sound(tmp_path / "secret.ts", tone(3))
    for other in ("secret.ts", f"file:{tmp_path}/secret.ts"):
        (tmp_path / name).write_text(content.format(other))
        with pytest.raises(InputError, match="cannot read it"):
            read_speech(tmp_path / name, RATE)


def test_a_file_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    write_sound(tmp_path / "sound.wav", tone(3))
    monkeypatch.setattr(decoding, "PATIENCE_S", 0.0)
    with pytest.raises(InputError, match=r"sound\.wav: ffmpeg cannot read it \(no end within 0\.0 s\)"):
        read_speech(tmp_path / "sound.wav", RATE)


def test_short_speech_repeats_and_long_speech_is_cut():
    speech = np.array([1, 2, 3], np.float32)
    assert fit(speech, 7).tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert fit(speech, 2).tolist() == [1, 2]
    assert fit(speech, 3).tolist() == [1, 2, 3]
    with pytest.raises(InputError):
        fit(speech[:0], 3)
