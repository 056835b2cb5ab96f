"""What tests of several rooms share: three tiny models as the training stages leave them, and tiny real media."""

import importlib.util
import shutil
import subprocess
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
import torch

from s2f.audio.torchaudio_import import torchaudio_part
from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.super_resolution import SuperResolution
from s2f.models.weights import save_weights
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.fetching import FetchingParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.pipeline import Drawing, Walk
from s2f.pipeline.folder import write_folder
from s2f.pipeline.trained import read_trained
from s2f.sample.canvas import Pose
from s2f.sample.clips import talk
from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene

DIFFUSION = {"steps": 50, "schedule": "cosine"}
WALKS = {"decode": Walk("dpmsolver++", 8), "enlarge": Walk("ddim", 4)}
LONGEST = ("tests/flows", "tests/pipeline/test_repro", "tests/training")
SPECTROGRAM = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}
SHARED = {"base_channels": 8, "groups": 4, "heads": 2, "embedding": 512, "condition_tokens": 2, "prediction": "v"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several processes that share out the tests one has a whole file, and one all flows, which ask for one port.

    What takes minutes begins first, so that no process waits for it at the end.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        file = item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group("flows" if file.startswith("tests/flows") else file))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged, without the halves of letters that some test, and that no process can tell another."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def spoken() -> np.ndarray:
    """A voice of the sample's law, float32 (n,) in [−1, 1], three seconds or more at 16 kHz."""
    rng = np.random.default_rng(5)
    speech, _ = talk(draw_identity(rng), 1, rng, Espeak())
    return torchaudio_part("functional").resample(torch.from_numpy(speech), SAMPLE_RATE, 16_000).numpy()


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny models as one folder, with variances for sampler 'analytic' that nobody measured."""
    error = 0.1 * torch.linspace(0, 1, DIFFUSION["steps"], dtype=torch.float64)
    trained = replace(read_trained(tiny_models), x_0_error=dict.fromkeys(("face_decoder", "super_resolution"), error))
    folder = tmp_path_factory.mktemp("pipeline")
    write_folder(trained, Drawing(1.0, **WALKS, noise_level=0.0), folder)
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like data/models; its faces are 8 px, 16 px enlarged."""
    torch.manual_seed(0)
    decoder = FaceDecoderConfig(
        attributes=(),
        attribute_dropout=0.5,
        image_px=8,
        channel_multiples=(1, 2),
        blocks=(1, 1),
        attention_at=(2,),
        condition_dropout=0.1,
        position_map=True,
        shortcut_ridge=0.1,
        **SHARED | {"prediction": "x0"},
    )
    enlarging = SuperResolutionConfig(
        low_px=8,
        image_px=16,
        channel_multiples=(1, 2),
        blocks=(1, 1),
        attention_at=(2,),
        condition_dropout=0.0,
        max_noise_level=0.3,
        shortcut=False,
        **SHARED,
    )
    folder = tmp_path_factory.mktemp("models")
    models = {
        "speech_encoder": (
            SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=0.02, embedding=512)),
            {"spectrogram": SPECTROGRAM},
        ),
        "face_decoder": (FaceDecoder(decoder), {"diffusion": DIFFUSION}),
        "super_resolution": (SuperResolution(enlarging), {"diffusion": DIFFUSION}),
    }
    for name, (model, about) in models.items():
        save_weights(model, folder / name / "weights.safetensors", **about)
    return folder


def write_film(path: Path, *pictures: np.ndarray, seconds: float = 2.0, sound: bool = True, hertz: int = 200) -> Path:
    """A film that shows each picture (uint8 (h, w, 3), even sizes) for an equal part of `seconds`, over a tone.

    No picture: sound alone.
    """
    fps = 10
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    frames = b""
    if pictures:
        height, width = pictures[0].shape[:2]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "pipe:"]
        shown = np.repeat(np.arange(len(pictures)), -(-round(seconds * fps) // len(pictures)))[: round(seconds * fps)]
        frames = b"".join(pictures[index].tobytes() for index in shown)
    if sound:
        command += ["-f", "lavfi", "-i", f"sine=f={hertz}:r=16000:d={seconds}"]
    command += ["-pix_fmt", "yuv420p", "-preset", "ultrafast", "-t", str(seconds), str(path)]
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, input=frames, check=True)
    return path


def draw_face(seed: int = 1, size: int = 160, unit: float = 0.3, off: Sequence[float] = (0.0, 0.0)) -> np.ndarray:
    """A drawn face, uint8 (size, size, 3); fractions of the size: `unit`, about half its height; `off` the middle."""
    rng = np.random.default_rng(seed)
    pose = Pose(((0.5 + off[0]) * size, (0.47 + off[1]) * size), unit * size)
    return draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), size, size, pose)


@pytest.fixture(scope="session")
def film():
    return write_film


@pytest.fixture(scope="session")
def face():
    return draw_face


@pytest.fixture(scope="session")
def wall():
    """A picture without a face."""
    return np.full((160, 160, 3), 90, np.uint8)


@pytest.fixture(scope="session")
def two_faces():
    return np.concatenate([draw_face(1), draw_face(2)], axis=1)


def write_embedder(path: Path) -> Path:
    """An ONNX file that embeds an aligned face by 512 fixed mixtures of its colours, 4×4 places of them."""
    import onnx  # not on a box that only trains

    tensor, value = onnx.numpy_helper.from_array, onnx.helper.make_tensor_value_info
    weights = np.random.default_rng(0).normal(size=(48, 512)).astype(np.float32)
    nodes = [
        onnx.helper.make_node("AveragePool", ["data"], ["pooled"], kernel_shape=[28, 28], strides=[28, 28]),
        onnx.helper.make_node("Flatten", ["pooled"], ["colours"]),
        onnx.helper.make_node("MatMul", ["colours", "weights"], ["out"]),
    ]
    ends = [value("data", 1, ["n", 3, 112, 112])], [value("out", 1, ["n", 512])]
    graph = onnx.helper.make_graph(nodes, "least", *ends, [tensor(weights, "weights")])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def embedder(tmp_path_factory):
    return write_embedder(tmp_path_factory.mktemp("network") / "least.onnx")


def load_module(name: str) -> Any:
    """A module that lies beside this one; tests are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def video_server():
    """The class of a web server for one folder, and of everything that servers do wrong: see its module."""
    return load_module("video_server").VideoServer


@pytest.fixture(scope="session")
def fetching():
    """A function: one impatient attempt, with other values by keyword."""

    def make(**changed):
        impatient = {
            "attempts": 1, "first_pause_s": 0.0, "jitter": 0.0, "parallel": 2, "socket_timeout_s": 10.0,
            "max_seconds": 60.0, "max_gb": 1.0, "cool_down_minutes": 1.0, "cool_downs": 0,
        }  # fmt: skip
        return FetchingParams(**impatient | changed)

    return make


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory, film, face, wall, two_faces):
    """Films in `videos`, each for one way to end; their list and labels are the tests' own."""
    folder = tmp_path_factory.mktemp("films")
    videos = folder / "videos"
    film(videos / "-good.mp4", face(1), seconds=2.0)
    film(videos / "later.mp4", wall, face(2), seconds=2.0)
    film(videos / "crowd.mp4", two_faces)
    film(videos / "room.mp4", wall)
    film(videos / "silent.mp4", face(3), sound=False)
    film(videos / "unseen.mp4")
    (videos / "broken.mp4").write_bytes(b"\0" * 4000)
    return folder


@pytest.fixture(scope="module")  # while it is open an event loop runs, beside which other tests cannot start one
def browser() -> Iterator[Any]:
    """This machine's Chromium, headless; tests of pages skip where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser here: none of {', '.join(names)} on the PATH")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def train_predictor(path: Path, faces: int) -> Path:
    """A dlib predictor of 68 points that has learnt drawn faces, from where MediaPipe's mesh has the points on them."""
    import cv2  # not on a box that only trains
    import dlib

    from s2f.faces import points68
    from s2f.faces.landmarks import FaceMesh

    mesh, detector, pictures, shapes = FaceMesh(), dlib.get_frontal_face_detector(), [], []
    rng = np.random.default_rng(0)
    for seed in range(10_000, 10_000 + faces):
        picture = draw_face(seed, 256, rng.uniform(0.36, 0.48), rng.uniform(-0.05, 0.05, 2))
        (box,) = detector(picture, 0)
        double = dlib.rectangle(*(2 * edge for edge in (box.left(), box.top(), box.right(), box.bottom())))
        points = np.round(2 * points68.of_mesh(mesh.landmarks(picture))[:, :2] + 0.5).astype(int)
        pictures.append(cv2.resize(picture, (512, 512), interpolation=cv2.INTER_CUBIC))
        shapes.append([dlib.full_object_detection(double, [dlib.point(x, y) for x, y in points.tolist()])])
    options = dlib.shape_predictor_training_options()
    options.tree_depth, options.cascade_depth, options.num_trees_per_cascade_level = 2, 8, 100
    options.oversampling_amount, options.oversampling_translation_jitter = 20, 0.1
    options.feature_pool_size, options.num_threads = 200, 2
    dlib.train_shape_predictor(pictures, shapes, options).save(str(path))
    return path


@pytest.fixture(scope="session")
def predictor(tmp_path_factory):
    """dlib's usual file is nobody's to hand on; this one knows drawn faces, seen from the front."""
    return train_predictor(tmp_path_factory.mktemp("predictor") / "drawn_68.dat", 160)


@pytest.fixture(scope="session")
def write_run():
    """A function that writes a made-up run as a folder like data/: see its module."""
    return load_module("made_runs").write_run
