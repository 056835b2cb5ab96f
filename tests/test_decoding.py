import ffmpeg
import numpy as np

from s2f import decoding
from s2f.audio.speech import encode_flac
from s2f.decoding import media_input

NOISE = np.random.default_rng(0).uniform(-1, 1, 400_000)


def sound(path=None):
    return ffmpeg.output(media_input(path).audio, "pipe:", format="s16le")


def test_more_than_a_pipe_holds_goes_in_and_comes_out():
    with decoding.decoding(sound(), encode_flac(NOISE, 16_000)) as decoder:
        assert len(decoder.output.read()) == 800_000
        assert (decoder.end(), decoder.words()) == (0, "")


def test_it_ends_with_the_block_however_much_is_left(tmp_path):
    (tmp_path / "-noise.flac").write_bytes(encode_flac(NOISE, 16_000))
    with decoding.decoding(sound(tmp_path / "-noise.flac")) as decoder:
        decoder.output.read(10)
        assert decoder.process.poll() is None
    assert decoder.process.poll() is not None


def test_it_is_killed_when_it_takes_too_long(monkeypatch):
    monkeypatch.setattr(decoding, "PATIENCE_S", 0.0)
    with decoding.decoding(sound(), encode_flac(NOISE, 16_000)) as decoder:
        while decoder.output.read(100_000):
            pass
        assert decoder.end() != 0
        assert decoder.words().startswith("no end within 0.0 s")


def test_what_it_says_is_kept(tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")
    with decoding.decoding(sound(tmp_path / "text.wav")) as decoder:
        assert decoder.output.read() == b""
        assert decoder.end() != 0
        assert "Invalid" in decoder.words()
