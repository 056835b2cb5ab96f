import subprocess
import sys

from s2f.audio.torchaudio_import import torchaudio_transforms


def test_transforms_load_beside_whatever_torch_is_installed():
    assert torchaudio_transforms().__name__ == "torchaudio.transforms"
    assert torchaudio_transforms() is torchaudio_transforms()


def test_an_extension_that_loads_is_left_alone():
    program = """
import sys, types
real = types.ModuleType("torchaudio._extension")
real._IS_TORCHAUDIO_EXT_AVAILABLE, real._IS_ALIGN_AVAILABLE = False, False
real.fail_if_no_align = lambda function: function
sys.modules["torchaudio._extension"] = real
from s2f.audio.torchaudio_import import torchaudio_transforms
torchaudio_transforms()
assert sys.modules["torchaudio._extension"] is real
"""
    subprocess.run([sys.executable, "-c", program], check=True)
