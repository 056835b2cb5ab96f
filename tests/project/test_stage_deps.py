"""`dvc.yaml` tells the truth: a stage's deps cover the code it imports, its params the sections it reads."""

import ast
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PIPELINES = ("dvc.yaml", "s2f/sample/dvc.yaml")


def stages() -> dict[str, dict[str, Any]]:
    found = {}
    for pipeline in PIPELINES:
        for name, stage in YAML(typ="safe").load((ROOT / pipeline).read_text())["stages"].items():
            found[name] = stage | {"folder": (ROOT / pipeline).parent / stage.get("wdir", ".")}
    return found


def module_of(stage: dict[str, Any]) -> str:
    words = stage["cmd"].split()
    return str(words[words.index("-m") + 1])


def sources(graph: grimp.ImportGraph, stage: dict[str, Any]) -> set[Path]:
    """Files with code in the import closure of the stage's module."""
    module = module_of(stage)
    files = set()
    for name in {module} | graph.find_upstream_modules(module):
        path = ROOT / Path(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if file.is_file() and file.read_text().strip():
            files.add(file.resolve())
    return files


@pytest.mark.parametrize("name", stages())
def test_deps_cover_the_import_closure(graph: grimp.ImportGraph, name: str) -> None:
    stage = stages()[name]
    deps = [(stage["folder"] / dep).resolve() for dep in stage["deps"] if "${" not in dep]
    missing = {
        str(file.relative_to(ROOT))
        for file in sources(graph, stage)
        if not any(file.is_relative_to(dep) for dep in deps)
    }
    assert missing == set()


@pytest.mark.parametrize("name", stages())
def test_deps_exist_or_are_made(name: str) -> None:
    made = {
        str(ROOT / next(iter(out)) if isinstance(out, dict) else ROOT / out)
        for s in stages().values()
        for out in s["outs"]
    }
    stage = stages()[name]
    for dep in stage["deps"]:
        if "${" not in dep and not dep.startswith("data/"):
            assert (stage["folder"] / dep).exists(), dep
        elif dep.startswith("data/"):
            assert any(f"{ROOT / dep}/".startswith(out + "/") for out in made), dep


@pytest.mark.parametrize("name", stages())
def test_params_cover_the_sections_read(graph: grimp.ImportGraph, name: str) -> None:
    read = set()
    for file in sources(graph, stages()[name]):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("read_section", "read_seed"):
                read |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
                read |= {"seed"} if getattr(node.func, "id", "") == "read_seed" else set()
    listed = {param if isinstance(param, str) else "*" for param in stages()[name].get("params", [])}
    assert "*" in listed or read <= listed
