import subprocess
import sys

from s2f.audio.torchaudio_import import torchaudio_part


def test_parts_load_beside_whatever_torch_is_installed():
    for name in ("transforms", "models"):
        assert torchaudio_part(name).__name__ == f"torchaudio.{name}"
        assert torchaudio_part(name) is torchaudio_part(name)


def test_an_extension_that_loads_is_left_alone():
    program = """
import sys, types
real = types.ModuleType("torchaudio._extension")
real._IS_TORCHAUDIO_EXT_AVAILABLE, real._IS_ALIGN_AVAILABLE = False, False
real.fail_if_no_align = lambda function: function
sys.modules["torchaudio._extension"] = real
from s2f.audio.torchaudio_import import torchaudio_part
torchaudio_part("transforms")
assert sys.modules["torchaudio._extension"] is real
"""
    subprocess.run([sys.executable, "-c", program], check=True)
