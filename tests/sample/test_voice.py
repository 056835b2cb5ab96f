"""Voices, measured: pitch and formants follow the latents, and the same request is the same bytes."""

from dataclasses import replace

import numpy as np
import pytest

from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import Voice, draw_identity, voice_of
from s2f.sample.voice import LOUDNESS, record, resample, speak

PLAIN = Voice(
    pitch_hz=120, pitch_ratio=1.3, rate_wpm=170, formant_scale=1.0, breath=0, tilt=0, tremor=0, peak_db=0, accent=0
)


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


def pitch(speech: np.ndarray) -> float:
    """Median fundamental frequency of the voiced frames, in Hz, by autocorrelation."""
    found = []
    for start in range(0, len(speech) - 1024, 1024):
        frame = speech[start : start + 1024] - speech[start : start + 1024].mean()
        correlation = np.correlate(frame, frame, "full")[1023:] / max(float(np.square(frame).sum()), 1e-9)
        low, high = SAMPLE_RATE // 400, SAMPLE_RATE // 60
        lag = low + int(correlation[low:high].argmax())
        if correlation[lag] > 0.5 and frame.std() > 0.3 * speech.std():
            found.append(SAMPLE_RATE / lag)
    return float(np.median(found))


def spectrum(speech: np.ndarray) -> np.ndarray:
    """Mean log power at 100 points, evenly spaced in the logarithm of frequency from 200 to 6,400 Hz; smooth."""
    frames = speech[: len(speech) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = (np.abs(np.fft.rfft(frames, 4096)) ** 2).mean(0)
    smooth = np.convolve(power, np.hanning(61) / 30, "same")
    return np.log(np.interp(np.geomspace(200, 6400, 100), np.fft.rfftfreq(4096, 1 / SAMPLE_RATE), smooth))


def say(voice: Voice, espeak: Espeak, seconds: float = 4.0) -> np.ndarray:
    return speak(voice, seconds, np.random.default_rng(0), espeak)


@pytest.mark.parametrize("hz", [90, 130, 190, 240])
def test_pitch_is_what_the_law_asks(hz: float, espeak: Espeak) -> None:
    speech = say(replace(PLAIN, pitch_hz=hz, formant_scale=1.1 if hz > 150 else 1.0), espeak)
    assert pitch(speech) == pytest.approx(hz, rel=0.12)


def test_formants_scale_while_pitch_stays(espeak: Espeak) -> None:
    long, short = (say(replace(PLAIN, formant_scale=scale), espeak, 6.0) for scale in (0.9, 1.2))
    assert pitch(short) == pytest.approx(pitch(long), rel=0.08)
    step = np.log(6400 / 200) / 99
    shifts = np.arange(-15, 16)
    fits = [np.corrcoef(spectrum(long)[20:80], spectrum(short)[20 + k : 80 + k])[0, 1] for k in shifts]
    assert np.exp(step * shifts[int(np.argmax(fits))]) == pytest.approx(1.2 / 0.9, rel=0.12)


def treble(speech: np.ndarray) -> float:
    """Log power above 2,300 Hz against that of 280 to 800 Hz."""
    return float(spectrum(speech)[70:].mean() - spectrum(speech)[10:40].mean())


def test_age_makes_a_voice_duller_breathier_and_slower(espeak: Espeak) -> None:
    plain, dull, breathy = (say(voice, espeak) for voice in (PLAIN, replace(PLAIN, tilt=1), replace(PLAIN, breath=1)))
    assert treble(dull) < treble(plain) - 1
    assert treble(breathy) > treble(plain) + 1
    person = replace(draw_identity(np.random.default_rng(1)), age=20.0)
    young, old = voice_of(person), voice_of(replace(person, age=75.0))
    assert old.rate_wpm < 0.85 * young.rate_wpm
    assert (old.breath, old.tilt) > (young.breath, young.tilt)
    assert old.tremor > young.tremor


def test_the_same_request_is_the_same_speech_whatever_was_said_before(espeak: Espeak) -> None:
    first = say(PLAIN, espeak)
    say(replace(PLAIN, pitch_hz=200, accent=1), espeak)
    assert np.array_equal(say(PLAIN, espeak), first)
    assert np.array_equal(say(PLAIN, Espeak()), first)


def test_speech_is_as_long_and_as_loud_as_everyone_elses(espeak: Espeak) -> None:
    for seconds, voice in ((3.0, PLAIN), (7.5, replace(PLAIN, breath=1, tilt=1, rate_wpm=230))):
        speech = say(voice, espeak, seconds)
        assert len(speech) == int(seconds * SAMPLE_RATE)
        assert np.sqrt(np.mean(speech**2)) == pytest.approx(LOUDNESS, rel=1e-3)
        assert np.abs(speech[int((seconds - 0.5) * SAMPLE_RATE) :]).max() > 0.01  # still speaking at the end


def test_resampling_multiplies_frequency() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    faster = resample(tone, 1.25)
    assert len(faster) == int(SAMPLE_RATE / 1.25)
    assert np.abs(np.fft.rfft(faster)).argmax() * SAMPLE_RATE / len(faster) == pytest.approx(1250, abs=3)


def test_recordings_differ_while_the_speech_is_the_same() -> None:
    speech = (LOUDNESS * np.random.default_rng(0).standard_normal(SAMPLE_RATE)).astype(np.float32)
    takes = [record(speech, np.random.default_rng(seed)) for seed in range(40)]
    levels = np.array([np.sqrt(np.mean(take**2)) for take in takes])
    assert levels.max() > 2 * levels.min()
    assert max(np.abs(take).max() for take in takes) <= 1
