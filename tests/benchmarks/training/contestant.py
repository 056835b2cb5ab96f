"""The parent's side of a contestant: its process, and what it answers."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
# As `make` has it: idle contestants must not spin, for others are at work.
OWN = {"GOMP_SPINCOUNT": "5000", "PYTHONPATH": f"{ROOT}"}


class FailedError(Exception):
    """A contestant could not be built, or died; the message is its last line."""


class Contestant:
    """Built and waiting once it is there; leave the `with` to end it."""

    def __init__(self, python, name, task, compiled=False, worker="tests.benchmarks.training.worker"):
        words = [f"{python}", "-m", worker, name, task.as_json()]
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            [*words, *(["compiled"] if compiled else [])],
            cwd=ROOT,
            env={**os.environ, **OWN},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
        )
        self.about = self._answer()

    def steps(self, count):
        """Seconds of each."""
        return self.ask(f"{count}")

    def operators(self):
        """[[operator, share]] of those that take most of a step's time."""
        return self.ask("operators")

    def memory(self):
        """The most that a GPU held for it, in bytes; None on a processor."""
        return self.ask("memory")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.complaints.close()

    def ask(self, line):
        """The answer to a line that the worker knows."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.complaints.seek(0)
        lines = self.complaints.read().strip().splitlines()
        raise FailedError(lines[-1] if lines else f"ended with {self.process.returncode}")
