"""The steps of `s2f evaluate`: pair two folders, open the networks, look at every picture, judge, write the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from s2f.cli.given_pictures import GENERATED, TRUE, GivenPictures, list_pictures
from s2f.cli.name_labels import read_name_labels
from s2f.dataset.choice import unpicked
from s2f.evaluation.given import W, evaluate_given
from s2f.evaluation.pairing import pair_up
from s2f.evaluation.pictures import read_pictures
from s2f.evaluation.results import read_plan, write_result
from s2f.faces.images import decode_image, encode_png
from s2f.faces.judges import Judge, open_judge
from s2f.params.base import read_section
from s2f.params.evaluation import EvaluationParams
from s2f.params.face_models import FaceModelsParams, is_own
from s2f.reporting.examples import read_ages, read_opinions, shown
from s2f.reporting.given_headlines import Given, Line
from s2f.reporting.given_page import Example, render_given_html, render_given_markdown
from s2f.reporting.tables import LOOKERS
from s2f.runtime import replace_file
from s2f.stages.measure_faces import identities, write_measured

SAMPLES_SHOWN = 4
BEWARE = (
    "{keys} in {params} are the embedded sample's own, which know drawn faces alone: of photographs their numbers mean "
    "nothing. For people name others, such as insightface's buffalo_l (for non-commercial research only)."
)
RESULTS = ("facial", "craniofacial", "identity", "headlines")


@dataclass(frozen=True)
class Sections:
    """What is read of a params file, before any work."""

    file: Path
    face_models: FaceModelsParams
    evaluation: EvaluationParams

    @staticmethod
    def of(params: Path) -> "Sections":
        """Of this file.

        Raises:
            ParamsError: a section is missing or does not fit.
        """
        models = read_section(params, "face_models", FaceModelsParams)
        section = read_section(params, "evaluation", EvaluationParams)
        read_plan(params)
        return Sections(params, models, section)

    @property
    def beware(self) -> list[str]:
        """What to know of networks that know drawn faces alone; empty where there are none."""
        named = {"arcface": self.face_models.arcface, "age_gender": self.face_models.age_gender}
        own = [role for role, path in named.items() if is_own(path)]
        keys = " and ".join(f"face_models.{role}" for role in own)
        return [BEWARE.format(keys=keys, params=self.file)] if own else []


@dataclass(frozen=True)
class Networks:
    """Those that look at faces."""

    rows: list[tuple[str, str, str]]  # role, name and sha256 of each
    judge: Judge


@contextmanager
def open_networks(sections: Sections) -> Iterator[Networks]:
    """While the judge can be asked.

    Raises:
        InputError: weights are not there, or are others than params ask for.
    """
    with open_judge(sections.face_models) as judge:
        found = identities(sections.face_models, judge).items()
        yield Networks([(LOOKERS.get(role, role), one["name"], one["sha256"]) for role, one in found], judge)


def measure(pictures: GivenPictures, networks: Networks, sections: Sections, measured: Path) -> None:
    """A row of each picture, as shards in `measured`.

    Raises:
        InputError: nothing of one side can be read.
    """
    count = sum(map(len, pictures.paths.values()))
    write_measured(pictures.pictures(), count, sections.face_models, networks.judge, measured, pictures.broken)
    pictures.check_read()


def pair(truth: Path, generated: Path, labels: Path | None) -> GivenPictures:
    """The pictures of two folders that belong together by name.

    Raises:
        InputError: no such folder or file, no picture, no pair, or a label that cannot be read.
    """
    folders = {TRUE: truth, GENERATED: generated}
    found = {side: list_pictures(folder, side) for side, folder in folders.items()}
    pairing = pair_up(found[TRUE][0], found[GENERATED][0])
    known = {} if labels is None else read_name_labels(labels, pairing.true)
    return GivenPictures(folders, pairing, known, {side: unread for side, (_, unread) in found.items()})


def judge(pictures: GivenPictures, networks: Networks, sections: Sections, measured: Path) -> Given:
    """All that a report is made of."""
    seen, people = read_pictures(measured), pictures.people
    results = evaluate_given(seen[TRUE], seen[GENERATED], people, sections.evaluation, read_plan(sections.file))
    results["headlines"]["copied_files"] = pictures.copies()
    return Given(
        truth=str(pictures.folders[TRUE]),
        generated=str(pictures.folders[GENERATED]),
        **results,
        networks=networks.rows,
        notes=pictures.notes(),
        beware=sections.beware,
        licences=sections.face_models.licences(),
    )


def write_pages(
    given: Given, lines: list[Line], pictures: GivenPictures, sections: Sections, measured: Path, out: Path
) -> None:
    """The four results, index.html and report.md."""
    for name in RESULTS:
        write_result(getattr(given, name), out / f"{name}.json")
    examples = _examples(pictures, measured, sections.evaluation.example_voices)
    replace_file(out / "index.html", render_given_html(given, lines, examples, read_ages(measured, f"{W:g}")).encode())
    replace_file(out / "report.md", render_given_markdown(given, lines).encode())


def _examples(pictures: GivenPictures, measured: Path, count: int) -> list[Example]:
    names = unpicked(pictures.pairing.true, count)
    opinions = read_opinions(measured, names)
    examples = []
    for name in names:
        true = _small(pictures, TRUE, pictures.pairing.true[name])
        faces = [_small(pictures, GENERATED, path) for path in pictures.pairing.generated[name][:SAMPLES_SHOWN]]
        if true is not None:
            said = opinions.get((name, None), ""), opinions.get((name, W), "")
            examples.append(Example(name, true, said[0], [one for one in faces if one is not None], said[1]))
    return examples


def _small(pictures: GivenPictures, side: str, path: str) -> bytes | None:
    """A picture as the page shows it, upright; None where it could not be read."""
    content = None if path in pictures.unread[side] else pictures.read(side, path)
    return None if content is None else shown(encode_png(decode_image(content)))
