"""An import only points down the floors of the house (README, 'Where things are')."""

import grimp
import pytest

FLOORS = (  # from the ground up; rooms of one floor are strangers, but for the ground floor's
    ("s2f.runtime", "s2f.timing", "s2f.params", "s2f.code", "s2f.decoding"),
    ("s2f.audio", "s2f.media", "s2f.faces", "s2f.diffusion"),
    ("s2f.models", "s2f.dataset"),
    ("s2f.training", "s2f.evaluation", "s2f.reporting", "s2f.corpus", "s2f.pipeline"),
    ("s2f.stages", "s2f.app"),
    ("flows", "s2f.cli"),
)
SAMPLE = "s2f.sample"  # stands beside the house: imported by its own stage and by tests alone

WITHOUT_FACES_LIBRARIES = ("s2f.audio", "s2f.dataset", "s2f.models", "s2f.diffusion", "s2f.training", "s2f.pipeline")
BUILDERS = {"mediapipe", "insightface", "dlib", "onnxruntime", "prefect", "cv2", "yt_dlp"}
TRAINING_STAGES = ("train_speech_encoder", "train_face_decoder", "train_super_resolution")
BARE_BOX_STAGES = (*TRAINING_STAGES, "generate_faces")


def room_of(module: str) -> tuple[int, str] | None:
    for level, rooms in enumerate(FLOORS):
        for room in rooms:
            if module == room or module.startswith(room + "."):
                return level, room
    return None


def modules(graph: grimp.ImportGraph, room: str) -> set[str]:
    return {module for module in graph.modules if module == room or module.startswith(room + ".")}


def upstream(graph: grimp.ImportGraph, room: str) -> set[str]:
    found: set[str] = set()
    for module in modules(graph, room):
        found |= {module} | graph.find_upstream_modules(module)
    return found


def test_every_module_has_a_floor(graph: grimp.ImportGraph) -> None:
    own = modules(graph, "s2f") | modules(graph, "flows")
    homeless = {m for m in own - modules(graph, SAMPLE) if m != "s2f" and room_of(m) is None}
    assert homeless == set()


def test_imports_point_down(graph: grimp.ImportGraph) -> None:
    upward = []
    for importer in modules(graph, "s2f") | modules(graph, "flows"):
        if (home := room_of(importer)) is None:
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            if (other := room_of(imported)) is None or other[1] == home[1]:
                continue
            if other[0] > home[0] or (other[0] == home[0] and home[0] != 0):
                upward.append(f"{importer} → {imported}")
    assert upward == []


def test_the_sample_is_imported_by_itself_alone(graph: grimp.ImportGraph) -> None:
    sample = modules(graph, SAMPLE)
    assert sample
    importers = {i for module in sample for i in graph.find_modules_that_directly_import(module)}
    assert importers - sample == set()


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("prefect", ("flows",)),
        ("dvc", ()),
        ("mediapipe", ("s2f.faces",)),
        ("insightface", ("s2f.faces",)),
        ("dlib", ("s2f.faces",)),
    ],
)
def test_a_library_has_one_room(graph: grimp.ImportGraph, library: str, rooms: tuple[str, ...]) -> None:
    if library not in graph.modules:
        assert rooms == ()
        return
    importers = graph.find_modules_that_directly_import(library)
    assert {m for m in importers if not m.startswith(rooms) and m not in modules(graph, SAMPLE)} == set()


@pytest.mark.parametrize("room", [*WITHOUT_FACES_LIBRARIES, *(f"s2f.stages.{stage}" for stage in BARE_BOX_STAGES)])
def test_training_and_generation_run_on_a_bare_gpu_box(graph: grimp.ImportGraph, room: str) -> None:
    assert upstream(graph, room) & BUILDERS == set()


def test_training_never_imports_the_corpus(graph: grimp.ImportGraph) -> None:
    for stage in TRAINING_STAGES:
        assert not upstream(graph, f"s2f.stages.{stage}") & modules(graph, "s2f.corpus")


def test_models_know_nothing_of_diffusion(graph: grimp.ImportGraph) -> None:
    assert not upstream(graph, "s2f.models") & modules(graph, "s2f.diffusion")


def test_reports_are_made_from_files_without_torch(graph: grimp.ImportGraph) -> None:
    assert upstream(graph, "s2f.reporting") & {"torch", "torchaudio", "mediapipe", "insightface", "dlib"} == set()
