"""A judge that is another program: it is started once, and asked line by line (s2f/faces/inaface_worker.py's protocol).

Pictures go through files in a temporary folder, each for as long as it is judged. The program's own chatter stays off
the terminal; the end of it is told if the program dies. It dies with this process, whose end is the end of its input.
One that hangs is ended: nobody may wait for ever.
"""

import itertools
import json
import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.faces.detect import Face
from s2f.faces.images import encode_png
from s2f.runtime import BAD_INPUT, InputError

LONGEST_LINE = 1 << 20  # bytes; an answer for a face has about a hundred
LAST_WORDS = 4096  # bytes of what it said
PATIENCE_S = 5.0  # for a program that was told to end
START_S = 3600.0  # until it says who it is: TensorFlow takes a minute, and the first time weights are downloaded
ANSWER_S = 900.0  # for one question: a few faces take seconds, on a machine that has no memory left some minutes

logger = logging.getLogger(__name__)


class ProcessJudge:
    """The program `command`, with a folder for pictures behind it; a judge as s2f/faces/judges.py says.

    One for all threads, that wait for each other: it uses every core by itself, and has gigabytes in memory.
    `roles` name, in order, what each file of weights that it tells of is for; the first judges.

    Raises:
        InputError: it cannot start, or its weights' sha256 is another than demanded.
    """

    def __init__(self, program: str, command: Sequence[str], roles: Sequence[str], sha256: str | None = None) -> None:
        self._program = program
        self._turn = threading.Lock()
        self._hung: str | None = None  # what it did not do in time
        self._numbers = itertools.count()
        self._files = ExitStack()
        self._folder = self._files.enter_context(TemporaryDirectory(prefix="s2f-judge-"))
        self._chatter = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - of a stack that ruff does not know
        self._process = self._start([*command, self._folder])
        try:
            self._introduce(roles, sha256)
        except BaseException:
            self.close()
            raise

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        logger.info("%s starts; that takes a while.", self._program)
        try:
            pipe = subprocess.PIPE
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._chatter)
        except OSError as error:
            self._files.close()
            raise InputError(f"{self._program} cannot be started ({command[0]}: {error.strerror}).") from None

    def _introduce(self, roles: Sequence[str], sha256: str | None) -> None:
        with self._in_time(START_S, "say who it is"):
            said = self._hear()
        try:
            weights = [(str(name), str(digest)) for name, digest in said["weights"].items()]
            self.version = f"{self._program} {said['version']}"
            self.name, self.sha256 = weights[0]
        except (TypeError, LookupError, AttributeError):
            raise self._talked_nonsense(said) from None
        self.others: Mapping[str, tuple[str, str]] = dict(zip(roles[1:], weights[1:], strict=False))
        if sha256 not in (None, self.sha256):
            raise InputError(
                f"{self._program}'s {self.name}: its sha256 is {self.sha256}, params ask for {sha256}; "
                "get the right file, or change params."
            )

    def judge(self, faces: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[tuple[float, float] | None]:
        """(age in years, probability of male) of each face, beside its picture; None of one that it does not see.

        Raises:
            InputError: the program died, hangs, or does not answer as agreed.
        """
        if not faces:
            return []
        files = [Path(self._folder, f"{next(self._numbers)}.png") for _ in faces]
        asked = [(str(file), [float(edge) for edge in face.box]) for file, (_, face) in zip(files, faces, strict=True)]
        try:
            for file, (image, _) in zip(files, faces, strict=True):
                file.write_bytes(encode_png(image))
            with self._turn, self._in_time(ANSWER_S, f"answer a question on {len(asked)} faces"):
                answers = self._ask(asked)
        finally:
            for file in files:
                file.unlink(missing_ok=True)
        return self._opinions([name for name, _ in asked], answers)

    def _opinions(self, asked: list[str], answers: Any) -> list[tuple[float, float] | None]:
        """The answers without the files' names, which must be those asked about, in their order."""
        try:
            opinions = [(name, None if age is None else (float(age), float(male))) for name, age, male in answers]
        except (TypeError, ValueError):
            raise self._talked_nonsense(answers) from None
        if [name for name, _ in opinions] != asked:
            raise self._talked_nonsense(answers)
        return [opinion for _, opinion in opinions]

    @contextmanager
    def _in_time(self, seconds: float, what: str) -> Iterator[None]:
        """End the program unless the block is left in time: its pipes close then, and whoever waits there wakes up."""

        def end() -> None:
            self._hung = f"did not {what} within {seconds:g} s"
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _ask(self, question: Any) -> Any:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # a closed pipe, from either side
            raise self._died() from None
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self._died() if len(line) < LONGEST_LINE else self._talked_nonsense(line)
        try:
            return json.loads(line)
        except ValueError:
            raise self._talked_nonsense(line) from None

    def _talked_nonsense(self, said: Any) -> InputError:
        """Whatever it says from now on may be the answer to another question: it ends here."""
        self._process.kill()
        self._process.wait()
        text = said.decode(errors="replace") if isinstance(said, bytes) else json.dumps(said)
        return InputError(f"{self._program} did not answer as agreed, but '{' '.join(text.split())[:200]}'.")

    def _died(self) -> InputError:
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            self._process.kill()
            code = self._process.wait()
        self._chatter.seek(0, 2)
        self._chatter.seek(max(0, self._chatter.tell() - LAST_WORDS))
        words = self._chatter.read().decode(errors="replace").split("\n")
        last = next((" ".join(line.split()) for line in reversed(words) if line.strip()), "none")
        if self._hung:
            return InputError(
                f"{self._program} {self._hung} and was ended; its last words: {last}. Run the same again, with memory "
                "and processors free for it, or name another judge as face_models.age_gender."
            )
        if code == BAD_INPUT and last.startswith("error: "):
            return InputError(last.removeprefix("error: "))
        return InputError(f"{self._program} died (exit code {code}); its last words: {last}")

    def close(self) -> None:
        """End the program, and remove its pictures."""
        assert self._process.stdin and self._process.stdout
        with suppress(OSError):  # what was not written yet may have no reader
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._files.close()
