"""A hash of code, so that what it made before it changed is never mistaken for what it would make now.

Comments, docstrings and layout do not count: rewording a line is no reason to fetch a corpus or to draw a face again.
"""

import ast
import functools
import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path


@functools.cache
def code_sha256(modules: Sequence[str]) -> str:
    """Hex digest over what the named modules do; they are read, not imported."""
    digest = hashlib.sha256()
    for name in modules:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        digest.update(f"{name}\n{meaning(Path(spec.origin).read_text(encoding='utf-8'))}\n".encode())
    return digest.hexdigest()


def meaning(source: str) -> str:
    """Source code without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)
