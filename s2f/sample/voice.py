"""From a `Voice` to sound: eSpeak NG speaks, resampling gives the vocal tract its length, filters and noise its age.

Resampling by k multiplies formants, pitch and speed alike, so eSpeak is asked for pitch and rate divided by k.
"""

import numpy as np
from scipy import fft, signal

from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import Voice
from s2f.sample.sentences import SENTENCES

ACCENTS = ("en", "en-us", "en-gb-scotland", "en-029")
LOUDNESS = 0.06  # root mean square before the recording's own gain
MEDIAN_AT = 0.56  # where eSpeak's median pitch lies between its lowest and highest, measured


def speak(voice: Voice, seconds: float, rng: np.random.Generator, espeak: Espeak) -> np.ndarray:
    """`seconds` of `voice` saying sentences that `rng` picks: float32 (n,), root mean square `LOUDNESS`."""
    words: list[str] = []
    for index in rng.permutation(len(SENTENCES)):
        words.append(SENTENCES[index])
        if sum(len(sentence.split()) for sentence in words) > 4.5 * seconds:
            break
    scale = voice.formant_scale
    low = voice.pitch_hz / scale / (1 + MEDIAN_AT * (voice.pitch_ratio - 1))
    speech = espeak.say(" ".join(words), ACCENTS[voice.accent], low, low * voice.pitch_ratio, voice.rate_wpm / scale)
    speech = resample(speech, scale, voice.tremor, float(rng.uniform(4.5, 6.0)))
    speech = np.resize(speech, int(seconds * SAMPLE_RATE))
    speech = age_speech(speech, voice, rng)
    fade = int(0.03 * SAMPLE_RATE)
    speech[-fade:] *= np.linspace(1, 0, fade)
    return (speech * (LOUDNESS / np.sqrt(np.mean(speech**2)))).astype(np.float32)


def resample(speech: np.ndarray, scale: float, tremor: float = 0.0, tremor_hz: float = 5.0) -> np.ndarray:
    """Played `scale` times as fast, the speed wavering by the fraction `tremor`: float32 (about n/scale,)."""
    fine = _upsample(speech)
    steps = np.arange(int(len(speech) / scale))
    wobble = tremor * SAMPLE_RATE / (2 * np.pi * tremor_hz) * np.sin(2 * np.pi * tremor_hz * steps / SAMPLE_RATE)
    positions = np.clip(2 * scale * (steps + wobble), 0, len(fine) - 1)
    return np.interp(positions, np.arange(len(fine)), fine).astype(np.float32)


def _upsample(speech: np.ndarray) -> np.ndarray:
    """Twice the samples, band-limited, so that reading between them adds nothing audible."""
    length = fft.next_fast_len(len(speech) + 1024, real=True)
    return 2 * fft.irfft(fft.rfft(speech, length), 2 * length)[: 2 * len(speech)]


def age_speech(speech: np.ndarray, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """Duller (tilt), breathier, and with the speaker's own peak at 2.8 kHz: float32 (n,)."""
    dull = signal.lfilter(*_one_pole(900), speech)
    speech = (1 - 0.85 * voice.tilt) * speech + 0.85 * voice.tilt * dull
    envelope = signal.lfilter(*_one_pole(20), np.abs(speech))
    hiss = signal.sosfilt(_BREATH, rng.standard_normal(len(speech)))
    speech = speech + (0.05 + 1.1 * voice.breath**1.5) * envelope * hiss
    peak = signal.lfilter(*signal.iirpeak(2800, 2.0, SAMPLE_RATE), speech)
    return (speech + (10 ** (voice.peak_db / 20) - 1) * peak).astype(np.float32)


def record(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a microphone makes of a sound track, the same for all speakers: coloured noise, a tone control, a gain."""
    noise = rng.standard_normal(len(sound))
    noise = signal.lfilter(*_one_pole(float(np.exp(rng.uniform(np.log(300), np.log(8000))))), noise)
    noise *= LOUDNESS * 10 ** (-rng.uniform(18, 38) / 20) / np.sqrt(np.mean(noise**2))
    heard = sound + noise
    treble = heard - signal.lfilter(*_one_pole(1500), heard)
    heard = heard + (10 ** (rng.uniform(-2, 2) / 20) - 1) * treble
    return np.clip(heard * 10 ** (rng.uniform(-10, 4) / 20), -1, 1).astype(np.float32)


def _one_pole(hz: float) -> tuple[list[float], list[float]]:
    pole = float(np.exp(-2 * np.pi * hz / SAMPLE_RATE))
    return [1 - pole], [1, -pole]


_BREATH = signal.butter(2, (2000, 8000), "bandpass", fs=SAMPLE_RATE, output="sos")
