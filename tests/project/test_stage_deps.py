"""`dvc.yaml` tells the truth: a stage's deps cover the code it imports, its params the sections it reads."""

import ast
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

from s2f.training.launch import CODE

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
def test_no_stage_waits_for_a_file_that_it_does_not_import(graph: grimp.ImportGraph, name: str) -> None:
    stage = stages()[name]
    deps = {(stage["folder"] / dep).resolve() for dep in stage["deps"] if dep.endswith(".py")}
    assert deps - sources(graph, stage) == set()


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


def sections_read(source: str) -> set[str]:
    """Sections of params.yaml that code reads, "seed" among them; "*" for the whole file.

    Raises:
        AssertionError: a section's name is not written out, so that nobody could tell which one is read.
    """
    read = set()
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if name == "read_section":
            section = node.args[1]
            assert isinstance(section, ast.Constant), f"write the section's name out: {ast.unparse(node)}"
            read.add(section.value)
        elif name in ("read_seed", "read_experiment"):
            read.add({"read_seed": "seed", "read_experiment": "*"}[name])
    return read


# Where and how fast a corpus is built decides nothing that is in it; and DVC writes what it watches into dvc.lock,
# which is in git, a proxy's password too.
UNWATCHED = {"building", "fetching"}


@pytest.mark.parametrize("name", stages())
def test_params_are_the_sections_read_and_no_others(graph: grimp.ImportGraph, name: str) -> None:
    stage = stages()[name]
    read = set().union(*(sections_read(file.read_text()) for file in sources(graph, stage)))
    if "*" in read:
        assert "params.yaml" in stage["deps"]
    else:
        assert read - UNWATCHED == set(stage.get("params", []))


def test_a_section_whose_name_is_put_together_is_refused() -> None:
    assert sections_read("read_section(params, 'a', A); read_seed(params)") == {"a", "seed"}
    with pytest.raises(AssertionError, match="write the section's name out"):
        sections_read("read_section(params, f'{kind}_training', TrainingParams)")


@pytest.mark.parametrize("kind", ["speech_encoder", "face_decoder", "super_resolution"])
def test_the_code_of_half_a_training_run_is_all_that_its_stage_imports(graph: grimp.ImportGraph, kind: str) -> None:
    stage = f"s2f.stages.train_{kind}"
    imported = {name for name in graph.find_upstream_modules(stage) if name.startswith("s2f.")}
    packages = {name for name in imported if graph.find_children(name)}  # empty __init__.py files
    params = {name for name in imported if name.startswith("s2f.params.")}  # known by their values
    # Makes the hash; names encoders; writes files; logs, runs and ends; draws pictures for the eye and ranks.
    no_number = {
        "s2f.code",
        "s2f.models.encoders",
        "s2f.models.saving",
        "s2f.training.record",
        "s2f.training.live",
        "s2f.runtime",
        "s2f.timing",
    }
    no_number |= {"s2f.training.telling", "s2f.training.signals", "s2f.diffusion.sampling"}
    no_number |= {"s2f.diffusion.solvers", "s2f.diffusion.guidance"}
    no_number |= {f"s2f.training.{name}" for name in ("showing", "shown_faces", "shown_enlargements", "ranking")}
    objectives = {"speech_encoder": "matching", "face_decoder": "drawing", "super_resolution": "enlarging"}
    objective = f"s2f.training.{objectives[kind]}"
    models = {"s2f.models.speech_transformer"} if kind == "speech_encoder" else set()  # the one that is built counts
    assert imported - packages - params - no_number <= {*CODE, f"s2f.models.{kind}", *models, objective}
