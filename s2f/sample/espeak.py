"""eSpeak NG in memory, through the library and data that espeakng-loader carries (GPL; only the sample needs it).

eSpeak keeps state from one utterance to the next, which would make a clip depend on what its process said before. So
each utterance gets a freshly loaded library (13 ms), and the same request is the same bytes.
"""

import _ctypes
import ctypes
import tempfile
from pathlib import Path

import espeakng_loader
import numpy as np

SAMPLE_RATE = 22050
SYNCHRONOUS, UTF8, RATE = 2, 1, 1  # AUDIO_OUTPUT_SYNCHRONOUS, espeakCHARS_UTF8, espeakRATE of speak_lib.h
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """A folder with eSpeak's data and a voice variant of our own in it; one per process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="s2f-espeak-")
        self._data = Path(self._folder.name, "espeak-ng-data")
        (self._data / "voices" / "!v").mkdir(parents=True)
        for entry in Path(espeakng_loader.get_data_path()).iterdir():
            if entry.name != "voices":
                (self._data / entry.name).symlink_to(entry)

    def say(self, text: str, language: str, low_hz: float, high_hz: float, rate_wpm: float) -> np.ndarray:
        """Speech, float32 (n,) in [−1, 1] at `SAMPLE_RATE`; the pitch moves between `low_hz` and `high_hz`."""
        variant = f"language variant\nname person\npitch {low_hz:.0f} {high_hz:.0f}\n"
        (self._data / "voices" / "!v" / "person").write_text(variant, encoding="utf-8")
        heard: list[np.ndarray] = []

        def listen(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
            if count > 0:
                heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        callback = _Callback(listen)
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        try:
            library.espeak_Initialize(SYNCHRONOUS, 0, str(self._data).encode(), 0)
            library.espeak_SetSynthCallback(callback)
            if library.espeak_SetVoiceByName(f"{language}+person".encode()) != 0:
                raise RuntimeError(f"eSpeak NG has no voice {language}")
            library.espeak_SetParameter(RATE, round(rate_wpm), 0)
            content = text.encode() + b"\0"
            library.espeak_Synth(content, len(content), 0, 1, 0, UTF8, None, None)
            library.espeak_Terminate()
        finally:
            _ctypes.dlclose(library._handle)
        return np.concatenate(heard).astype(np.float32) / 32768
