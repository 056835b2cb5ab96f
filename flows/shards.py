"""Build a corpus in shards: plan, hand them to workers, collect, prune, write the manifest, show it all.

A task is one shard, the unit of retry and of storage. A shard that was finished before is not submitted at all, so
that running the same command again resumes, whatever stopped it.
"""

import functools
import os
import socket
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TagsContext, TaskRunContext
from prefect.logging import get_run_logger
from prefect.states import Failed

from flows.artifacts import Artifacts
from flows.collecting import collect
from flows.runners import open_workers
from s2f.corpus.kept import forget, kept_of, where_kept
from s2f.corpus.ledger import Proof, finished
from s2f.corpus.lock import drop_locks, only_builder
from s2f.corpus.manifest import FILE, drop_halves, outgrow, prune, total_reasons, write_manifest
from s2f.corpus.plan import Shard, plan_shards
from s2f.corpus.recipe import Recipe, build_shard, decided_by
from s2f.corpus.removal import Takedowns, takedowns
from s2f.corpus.room import check_room
from s2f.media.failures import OK
from s2f.params.building import BuildingParams
from s2f.runtime import InputError, TryAgainLater, progress

Built = tuple[Shard, Proof]


@dataclass(frozen=True)
class Job:
    """A shard to build, and the names of those set aside that hold some of it."""

    shard: Shard
    kept: tuple[str, ...]


@dataclass(frozen=True)
class Build:
    """What all jobs of one build have in common."""

    recipe: Recipe
    decided: str
    out: Path
    ledger: Path
    building: BuildingParams
    folder: Path  # that relative paths begin at
    builder: str  # its name: workers stop when another build has begun


def shards_of(recipe: Recipe) -> tuple[Shard, ...]:
    """The plan; kept until used, because a command plans before its flow does, to refuse a bad list in one sentence.

    A takedown that came in between makes another one.
    """
    return _shards_of(recipe, takedowns(recipe.source))


@functools.lru_cache(maxsize=1)
def _shards_of(recipe: Recipe, removed: Takedowns) -> tuple[Shard, ...]:
    return tuple(plan_shards(recipe.items(), recipe.shard_items))


def forget_plan() -> None:
    """The next run's list, or its files, may be others."""
    _shards_of.cache_clear()


def build_corpus(recipe: Recipe, out: Path, ledger: Path, building: BuildingParams) -> Any:
    """Build what is missing, inside a flow run; items by reason, "ok" among them.

    Where the disk is nearly full, a host refuses or a cluster is gone, a state in which the flow ends without a
    traceback, and whose result raises TryAgainLater; the same call goes on where this one ended. A cluster that cannot
    be used is such a state too, and raises InputError.
    """
    try:
        with only_builder(ledger) as builder:
            return _build_corpus(recipe, out, ledger, building, builder)
    except TryAgainLater as later:
        return Failed(name="Stopped", message=str(later), data=later)
    except InputError as error:
        return Failed(message=str(error), data=error)


def _build_corpus(recipe: Recipe, out: Path, ledger: Path, building: BuildingParams, builder: str) -> dict[str, int]:
    log = get_run_logger()
    shards = shards_of(recipe)
    forget_plan()
    decided = decided_by(recipe)
    proofs = {shard: finished(out, ledger, shard, shard.key(decided)) for shard in shards}
    built = [(shard, proof) for shard, proof in proofs.items() if proof]
    missing = [shard for shard, proof in proofs.items() if not proof]
    if missing:
        check_room(recipe.folders(out), building.min_free_gb)
        (out / FILE).unlink(missing_ok=True)  # while shards change there is no table of contents
    stale = prune(out, ledger, [shard for shard, _ in built])
    recipe.tidy(out, finished=False)
    where = where_kept(out, ledger)
    outgrow(ledger, missing, decided, where)
    log.info("%d shards: %d to build; %d old ones set aside.", len(shards), len(missing), stale)
    jobs = [Job(shard, kept_of(shard, decided, where)) for shard in missing]
    whole = Build(recipe, decided, out, ledger, building, Path.cwd(), builder)
    # Closed by name: an interrupt's traceback would keep it open, and with it workers that nobody has told.
    with closing(_build_all(whole, jobs)) as running:
        built += _watched(recipe.name, running, built, len(shards), Artifacts(recipe.name, out, ledger))
    drop_halves(out, ledger)  # of workers that were killed meanwhile
    write_manifest(out, recipe.name, recipe.fingerprint(), sorted(built, key=lambda one: one[0].index))
    forget(out, ledger)
    drop_locks(ledger)
    recipe.tidy(out, finished=True)
    reasons = total_reasons(proof for _, proof in built)
    log.info(_sentence(reasons))
    return reasons


@task(name="build-shard", task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def build(name: str, job: Job, whole: Build) -> Proof:
    """One shard, by a worker that keeps its own detectors.

    A cluster is sent this body, with all that it names by value: it names one function.
    """
    return build_here(job, whole)


def build_here(job: Job, whole: Build) -> Proof:
    """One shard, on whatever machine this is, from the same folder and by the same code as everywhere else.

    Raises:
        InputError: this machine has no such folder, or other code, packages or weights.
    """
    _tag(whole.recipe.name, job.shard.split)
    if whole.building.runner != "threads":
        _be_like(whole)
    free_gb = whole.building.min_free_gb
    return build_shard(
        whole.recipe, job.shard, whole.decided, whole.out, whole.ledger, whole.builder, job.kept, free_gb
    )


def _tag(*tags: str) -> None:
    """Tag the run of this task, now that it runs.

    For tags that it has before, Prefect asks its server for slots. Where that is busy, a worker waits for two seconds,
    which was a fifth of a build's time; where it is dead, for ever (both seen in 3.8).
    """
    run = TaskRunContext.get()
    if run is not None:
        run.task_run.tags = list(tags)


def _be_like(whole: Build) -> None:
    host = socket.gethostname()
    try:
        os.chdir(whole.folder)
    except OSError as error:
        raise InputError(f"{host}: {whole.folder}: {error.strerror}; a cluster's machines share folders.") from None
    if _decided_here(whole.recipe) != whole.decided:
        raise InputError(f"{host}: its code, parameters or weights are not this machine's; install the same version.")


_decided_here = functools.lru_cache(maxsize=2)(decided_by)  # reads weights: once in a worker, not for every shard


def _build_all(whole: Build, jobs: Sequence[Job]) -> Generator[Built]:
    if not jobs:
        return
    named = {f"{whole.recipe.name} {job.shard.split} {job.shard.index:05d}": job for job in jobs}
    said: str | None = None
    with open_workers(whole.building, whole.recipe.workers) as workers:

        def submit(name: str, job: Job) -> Any:
            with TagsContext(current_tags=set()):  # see `_tag`
                return workers.submit(build, {"name": name, "job": job, "whole": whole})

        def hold() -> bool:
            nonlocal said
            notice = whole.recipe.waiting(whole.out)  # a host refuses: those under way wait for it
            if notice not in (None, said):
                said = notice
                get_run_logger().warning("No video is asked for: %s", notice)
            return notice is not None

        for job, proof in collect(workers, named, submit, whole.building.place, hold):
            yield job.shard, proof


def _watched(
    name: str, building: Iterator[Built], before: Sequence[Built], total: int, artifacts: Artifacts
) -> Iterator[Built]:
    """Show how far it is: on the terminal, and as artifacts on Prefect's page."""
    artifacts.show(len(before), total)
    reasons: Counter[str] = Counter()
    with progress() as bar:
        line = bar.add_task(name, total=total, completed=len(before), note="")
        for number, (shard, proof) in enumerate(building, start=len(before) + 1):
            reasons.update(proof.reasons)
            bar.update(line, advance=1, note=f"{reasons[OK]} of {reasons.total()} kept")
            artifacts.show(number, total)
            yield shard, proof
    artifacts.show(total, total, last=True)


def _sentence(reasons: dict[str, int]) -> str:
    lost = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if reason != OK)
    return f"{reasons.get(OK, 0)} of {sum(reasons.values())} kept" + (f"; lost: {lost}." if lost else ".")
