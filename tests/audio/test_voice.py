from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from s2f.audio.voice import check_voice, speech_seconds
from s2f.runtime import InputError

RATE = 16_000
TIME = np.arange(4 * RATE) / RATE
RNG = np.random.default_rng(0)
NO_VOICES = {
    "hiss": 0.1 * RNG.normal(size=4 * RATE),
    "hum": 0.3 * np.sin(2 * np.pi * 50 * TIME),
    "a chord": sum(0.2 * np.sin(2 * np.pi * hertz * TIME) for hertz in (220, 277, 330)),
    "clicks": 0.8 * (RNG.random(4 * RATE) < 0.001),
}


def test_a_drawn_voice_is_heard_at_any_rate(spoken: np.ndarray) -> None:
    check_voice(spoken, RATE, "voice")
    at_48k = np.interp(np.arange(3 * len(spoken)) / 3, np.arange(len(spoken)), spoken).astype(np.float32)
    assert speech_seconds(at_48k, 3 * RATE) == pytest.approx(speech_seconds(spoken, RATE), abs=0.3)


@pytest.mark.parametrize("kind", NO_VOICES)
def test_noise_is_no_voice(kind: str) -> None:
    with pytest.raises(InputError, match=r"^it: no voice is heard in it .*; record one speaker"):
        check_voice(NO_VOICES[kind].astype(np.float32), RATE, "it")


def test_silence_and_a_moment_are_no_voice(spoken: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"^it: silent"):
        check_voice(spoken / 1000, RATE, "it")
    with pytest.raises(InputError, match="silent"):
        check_voice(np.zeros_like(spoken), RATE, "it")
    with pytest.raises(InputError, match=r"^it: 0\.50 s of sound; at least 1 s"):
        check_voice(spoken[: RATE // 2], RATE, "it")


def test_many_may_ask_at_once(spoken: np.ndarray) -> None:
    noise = NO_VOICES["hiss"].astype(np.float32)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda sound: speech_seconds(sound, RATE), [spoken, noise] * 8))
    assert found == [speech_seconds(spoken, RATE), 0.0] * 8


def test_asking_leaves_torch_its_threads(spoken: np.ndarray) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        speech_seconds(spoken, RATE)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
