"""Two folders of pictures as a stream to be measured: read one by one, what cannot be read is told and left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from s2f.corpus.labels import UNKNOWN, Labels
from s2f.corpus.pictures.folder import FolderSource
from s2f.corpus.pictures.names import SUFFIXES
from s2f.evaluation.given import W
from s2f.evaluation.measuring import Picture
from s2f.evaluation.pairing import Pairing, printable
from s2f.media.failures import Failure
from s2f.runtime import InputError

NAMED = 3  # of what is left out, so many are named
TRUE, GENERATED = "true", "generated"
OPTIONS = {TRUE: "--truth", GENERATED: "--generated"}

Unread = dict[str, str]  # why a picture cannot be read, by its path inside its folder


def list_pictures(folder: Path, side: str) -> tuple[list[str], Unread]:
    """Paths inside a folder of all its pictures, sub-folders walked, and what must not be read, such as links out.

    Raises:
        InputError: no such folder, or there is no picture in it.
    """
    where = f"{OPTIONS[side]} {printable(str(folder))}"
    if not folder.is_dir():
        raise InputError(f"{where}: no such folder; allowed: a folder of pictures.")
    entries = list(FolderSource(folder).entries())
    unread = {entry.name: entry.problem for entry in entries if entry.problem is not None}
    paths = [entry.name for entry in entries if entry.problem is None]
    if not paths:
        why = f" that may be read ({first_of(unread)})" if unread else ""
        raise InputError(f"{where}: there are no pictures{why}; allowed: {', '.join(sorted(SUFFIXES))}.")
    return paths, unread


@dataclass(frozen=True)
class GivenPictures:
    """The pictures of both folders that belong together, and what is known of the people."""

    folders: dict[str, Path]  # by side, as all that follows
    pairing: Pairing
    labels: dict[str, Labels]
    unread: dict[str, Unread]  # grows while pictures are read, as do the next two
    true_files: dict[bytes, set[str]] = field(default_factory=dict)  # names by sha256
    copied: dict[str, bool] = field(default_factory=dict)  # generated files that are true ones: of their own name?

    @property
    def paths(self) -> dict[str, list[str]]:
        """Of the pictures that are to be looked at."""
        generated = [path for paths in self.pairing.generated.values() for path in paths]
        return {TRUE: list(self.pairing.true.values()), GENERATED: generated}

    @property
    def people(self) -> dict[str, str]:
        """Who is seen, by name, where a label says so; otherwise a name is a person."""
        known = {name: self.labels.get(name, UNKNOWN).person for name in self.pairing.true}
        return {name: f"person {person}" if person else f"unknown {name}" for name, person in known.items()}

    def pictures(self) -> Iterator[Picture]:
        """True ones, then generated ones, read as they are asked for."""
        for name, path in self.pairing.true.items():
            known = self.labels.get(name, UNKNOWN)
            if (content := self.read(TRUE, path)) is not None:
                self.true_files.setdefault(sha256(content).digest(), set()).add(name)
                yield Picture(TRUE, name, content, label_age=known.age, label_gender=known.gender)
        for name, paths in self.pairing.generated.items():
            for sample, path in enumerate(paths):
                if (content := self.read(GENERATED, path)) is not None:
                    if owners := self.true_files.get(sha256(content).digest()):
                        self.copied[path] = name in owners
                    yield Picture(GENERATED, name, content, guidance=W, sample=sample)

    def read(self, side: str, path: str) -> bytes | None:
        """A file's content; None, and a note of it, where it cannot be read."""
        try:
            return FolderSource(self.folders[side]).read(path)
        except Failure as failure:
            self.unread[side][path] = failure.message
        except OSError as error:
            self.unread[side][path] = error.strerror or "cannot be read"
        return None

    def broken(self, picture: Picture, error: InputError) -> None:
        """Take note of a file that is no picture."""
        name, sample = picture.id, picture.sample
        path = self.pairing.true[name] if sample is None else self.pairing.generated[name][sample]
        self.unread[picture.source][path] = str(error).removeprefix(f"{picture.source} face of {name}: ")

    def copies(self) -> dict[str, int]:
        """How many generated pictures that were looked at are true ones' very bytes, of how many."""
        looked = [path for path in self.paths[GENERATED] if path not in self.unread[GENERATED]]
        own = [self.copied[path] for path in looked if path in self.copied]
        return {"own_name": sum(own), "other_name": len(own) - sum(own), "of": len(looked)}

    def check_read(self) -> None:
        """That something of each side was a picture.

        Raises:
            InputError: nothing was.
        """
        for side, paths in self.paths.items():
            unread = {path: self.unread[side][path] for path in paths if path in self.unread[side]}
            if len(unread) == len(paths):
                where = f"{OPTIONS[side]} {printable(str(self.folders[side]))}"
                raise InputError(f"{where}: none of the {len(paths)} pictures can be read, such as {first_of(unread)}")

    def notes(self) -> list[str]:
        """What was left out, a sentence each."""
        pairing, names = self.pairing, self.pairing.true
        few = f"Samples left out, for not nearly all have more than {pairing.samples}"
        said = [
            f"{what}: {len(paths)} ({_named(paths)})."
            for what, paths in (
                ("True pictures without a generated one, left out", pairing.without_generated),
                ("Generated pictures called like no true one, left out", pairing.without_true),
                (few, pairing.beyond),
                ("Labels that name no picture here", [name for name in self.labels if name not in names]),
            )
            if paths
        ]
        for side, unread in self.unread.items():
            if unread:
                what = f"{side.capitalize()} pictures that cannot be read, left out: {len(unread)}"
                said.append(f"{what} ({_named(list(unread))}; {first_of(unread)})")
        return said


def first_of(unread: Unread) -> str:
    """The first by name, and why."""
    path = min(unread)
    return f"'{printable(path)}': {printable(unread[path])}"


def _named(paths: list[str]) -> str:
    """The first few, and that there are more."""
    shown = ", ".join(f"'{printable(path)}'" for path in sorted(paths)[:NAMED])
    return f"{shown}, …" if len(paths) > NAMED else shown
