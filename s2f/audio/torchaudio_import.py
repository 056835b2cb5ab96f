"""torchaudio's Python parts, also beside a CPU-only torch.

torchaudio's wheel is built against CUDA torch; beside CPU torch its compiled extension dies at import. Nothing here
needs that extension, so it is declared absent, and only where the real one cannot load.
"""

import importlib
import sys
from types import ModuleType


def torchaudio_part(name: str) -> ModuleType:
    """The module `torchaudio.transforms` or `torchaudio.models`.

    Raises:
        ImportError: torchaudio is not installed, or broken in another way.
    """
    try:
        return importlib.import_module(f"torchaudio.{name}")
    except (OSError, RuntimeError):  # libtorch_cuda.so is missing, or of another CUDA version
        _forget_half_imported()
        sys.modules["torchaudio._extension"] = _absent_extension()
        return importlib.import_module(f"torchaudio.{name}")


def _forget_half_imported() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        del sys.modules[name]


def _absent_extension() -> ModuleType:
    def fail_if_no_align(function: object) -> object:
        return function

    stub = ModuleType("torchaudio._extension")
    stub._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
    stub._IS_ALIGN_AVAILABLE = False  # type: ignore[attr-defined]
    stub.fail_if_no_align = fail_if_no_align  # type: ignore[attr-defined]
    return stub
