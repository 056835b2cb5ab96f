"""What an edit makes stale: DVC's own answer, on a copy of the pipeline whose outputs are made up and up to date."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx
import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")

Change = Callable[[str], str]

ROOT = Path(__file__).parents[2]
COUNTING = {"evaluate_facial", "evaluate_craniofacial", "evaluate_identity", "evaluate_headlines"}
JUDGING = {*COUNTING, "report"}
DRAWING = {"export_pipeline", "generate_faces", "measure_faces", *JUDGING}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the pipeline in which every stage has run, on paper; the working folder, which DVC looks at."""
    folder = tmp_path_factory.mktemp("graph")
    for name in ("s2f", "flows"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "dvc.lock"))
    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        with Repo.init(no_scm=True) as repo:
            for out in repo.index.outs:
                path = Path(out.fs_path) if Path(out.fs_path).suffix else Path(out.fs_path, "content")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(str(out))
            repo.commit(force=True)
        assert stale() == set()
        yield folder


@pytest.fixture
def edit(project: Path) -> Iterator[Callable[[str, Change], None]]:
    """Changes a file's text, and puts it back afterwards."""
    before = {}

    def edit(name: str, change: Change) -> None:
        before[name] = (project / name).read_text()
        (project / name).write_text(change(before[name]))

    yield edit
    for name, text in before.items():
        (project / name).write_text(text)


def setting(key: str, value: Any) -> Change:
    """Another value for `section.key` of a params file."""

    def change(text: str) -> str:
        content, (section, name) = YAML().load(text), key.split(".")
        assert content[section][name] != value
        content[section][name] = value
        YAML().dump(content, written := io.StringIO())
        return written.getvalue()

    return change


CHECKS = {"check_params", "check_corpora"}


def stale() -> set[str]:
    """Stages that `dvc repro` would run, by name: those whose inputs changed, and all that is made of their outputs.

    Checks run after edits of what they look at and never put out anything else, so they make nothing stale.
    """
    with Repo() as repo:
        changed = {address.split(":")[-1] for address in repo.status()} - CHECKS
        graph = repo.index.graph
        made_of = networkx.reverse(graph.subgraph([stage for stage in graph if stage.name not in CHECKS]))
    after = {one for stage in made_of if stage.name in changed for one in networkx.descendants(made_of, stage)}
    return changed | {stage.name for stage in after}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("generation.guidance", [0, 1], DRAWING),
        ("evaluation.resamples", 500, JUDGING),
        ("super_resolution_training.steps", 3, {"train_super_resolution", *DRAWING}),
        ("face_decoder_training.steps", 3, {"train_face_decoder", *DRAWING}),
        ("speech_encoder_training.steps", 3, {"train_speech_encoder", *DRAWING}),
        ("portraits.max_pictures", 7, {"build_portraits", "train_face_decoder", "train_super_resolution", *DRAWING}),
        ("speech_faces.max_clips", 7, {"build_speech_faces", "train_speech_encoder", *DRAWING}),
    ],
)
def test_a_parameter_reruns_what_depends_on_it_and_nothing_else(
    edit: Callable[[str, Change], None], key: str, value: Any, expected: set[str]
) -> None:
    edit("params.yaml", setting(key, value))
    assert stale() == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("s2f/reporting/figures.py", {"report"}),
        ("s2f/evaluation/retrieval.py", {"evaluate_identity", "evaluate_headlines", "report"}),
        ("s2f/evaluation/craniofacial.py", {"evaluate_craniofacial", "report"}),
        ("s2f/training/matching.py", {"train_speech_encoder", *DRAWING}),
        ("s2f/models/super_resolution.py", {"train_super_resolution", *DRAWING}),
        ("s2f/cli/main.py", set()),
    ],
)
def test_code_reruns_what_imports_it_and_nothing_else(
    edit: Callable[[str, Change], None], file: str, expected: set[str]
) -> None:
    edit(file, lambda text: text + "\nEDITED = True\n")
    assert stale() == expected


def test_the_models_of_faces_are_made_of_nothing_that_the_paired_corpus_is(project: Path) -> None:
    with Repo() as repo:
        for stage in repo.index.stages:
            if stage.name in ("train_face_decoder", "train_super_resolution"):
                made_of = {one.name for one in networkx.descendants(repo.index.graph, stage)}
                assert "build_portraits" in made_of and "build_speech_faces" not in made_of
