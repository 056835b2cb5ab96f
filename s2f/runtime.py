"""How code runs: commands, one-sentence errors, logging, seeds, files written whole, progress that keeps quiet."""

import functools
import hashlib
import inspect
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from s2f.timing import timed

BAD_INPUT = 2  # exit code: parameters, files or arguments that cannot be used
SOME_REFUSED = 3  # exit code: some of several inputs cannot be used, the others were
LATER = 75  # exit code (EX_TEMPFAIL of sysexits.h): the same command goes on later


class InputError(ValueError):
    """Bad input, in one sentence: what, where, what is allowed."""


class TryAgainLater(Exception):  # noqa: N818 - an end that nobody is to blame for
    """Work that cannot go on now and loses nothing, in one sentence: why, and when the same command goes on."""

    exit_code = LATER


class ToldToEnd(TryAgainLater):
    """A signal ended it; the exit code is the one by which shells tell so."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"{signal.Signals(number).name} was received; nothing that was finished is lost. "
            "Run the same command again: it goes on from here."
        )
        self.exit_code = 128 + number


def start_logging(level: int = logging.INFO) -> None:
    """Log to standard error, with colours where it is a terminal."""
    console = Console(stderr=True)
    handler = RichHandler(console=console, show_path=False, rich_tracebacks=True)
    logging.basicConfig(level=level, format="%(message)s", datefmt="[%X]", handlers=[handler], force=True)


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error with `fields[note]` behind it; invisible when standard error is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        yield bar


def run_command(main: Callable[..., None]) -> None:
    """Run `main` as a command, every parameter as an `--option`.

    An `InputError`, or a file that cannot be read or written, is one sentence on standard error and exit code 2;
    `TryAgainLater` is one, and 75, or a signal's own; so is Ctrl-C.
    """
    signature = inspect.signature(main)
    options = [
        parameter.replace(default=typer.Option(...)) if parameter.default is parameter.empty else parameter
        for parameter in signature.parameters.values()
    ]

    @functools.wraps(main)
    def command(*args: object, **kwargs: object) -> None:
        try:
            with timed():
                main(*args, **kwargs)
        except (InputError, OSError) as error:
            print(f"error: {sentence(error)}", file=sys.stderr)
            raise SystemExit(BAD_INPUT) from None
        except TryAgainLater as error:
            raise stopped(error) from None
        except KeyboardInterrupt:
            raise stopped(ToldToEnd(signal.SIGINT)) from None

    command.__signature__ = signature.replace(parameters=options)  # type: ignore[attr-defined]
    start_logging()
    typer.run(command)


def stopped(error: TryAgainLater) -> SystemExit:
    """The end of a command, of which it says why."""
    print(f"stopped: {sentence(error)}", file=sys.stderr)
    return SystemExit(error.exit_code)


def sentence(error: Exception) -> str:
    """What went wrong in one line; of a file, its name first."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return " ".join(str(error).split())


def derive_seed(seed: int, *names: object) -> int:
    """A seed of 63 bits from names: the same for (7, 'decoder', clip_id, 3) wherever and whenever it is asked."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def file_sha256(path: Path | str) -> str:
    """Hex digest of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one, whatever is killed when."""
    temporary = new_beside(path)
    try:
        temporary.write_bytes(content)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def new_beside(path: Path) -> Path:
    """A new, empty file in the same folder that no other process has, on this machine or another: .NAME.….tmp."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    return Path(name)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a file that was written beside `path`, once the disk has its bytes."""
    with temporary.open("rb") as file:
        os.fchmod(file.fileno(), 0o644)  # as an ordinary file: those of mkstemp and safetensors are their owner's alone
        os.fsync(file.fileno())
    temporary.replace(path)
