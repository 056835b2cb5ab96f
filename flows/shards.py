"""Build a corpus in shards: plan, submit a window of them, collect, prune, write the manifest, show it all.

A task is one shard, the unit of retry and of storage. A shard that was finished before is not submitted at all, so
that running the same command again resumes, whatever stopped it.
"""

import functools
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import tags, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.states import Failed

from flows.artifacts import Artifacts
from flows.runners import task_runner
from s2f.corpus.kept import forget, kept_of, where_kept
from s2f.corpus.ledger import Proof, finished
from s2f.corpus.lock import only_builder
from s2f.corpus.manifest import FILE, prune, total_reasons, write_manifest
from s2f.corpus.plan import Shard, plan_shards
from s2f.corpus.recipe import Recipe, build_shard, decided_by
from s2f.corpus.room import check_room
from s2f.media.failures import OK
from s2f.params.building import BuildingParams
from s2f.runtime import TryAgainLater, progress

WINDOW = 3  # shards submitted per worker: enough that none waits, few enough to stop soon

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


@functools.lru_cache(maxsize=1)
def shards_of(recipe: Recipe) -> tuple[Shard, ...]:
    """The plan; kept until used, because a command plans before its flow does, to refuse a bad list in one sentence."""
    return tuple(plan_shards(recipe.items(), recipe.shard_items))


def build_corpus(recipe: Recipe, out: Path, ledger: Path, building: BuildingParams) -> Any:
    """Build what is missing, inside a flow run; items by reason, "ok" among them.

    Where the disk is nearly full, or a host refuses, a state in which the flow ends without a traceback, and whose
    result raises TryAgainLater; the same call goes on where this one ended.
    """
    try:
        with only_builder(ledger):
            return _build_corpus(recipe, out, ledger, building)
    except TryAgainLater as later:
        return Failed(name="Stopped", message=str(later), data=later)


def _build_corpus(recipe: Recipe, out: Path, ledger: Path, building: BuildingParams) -> dict[str, int]:
    log = get_run_logger()
    shards = shards_of(recipe)
    shards_of.cache_clear()  # the next run's list, or its files, may be others
    decided = decided_by(recipe)
    proofs = {shard: finished(out, ledger, shard, shard.key(decided)) for shard in shards}
    built = [(shard, proof) for shard, proof in proofs.items() if proof]
    missing = [shard for shard, proof in proofs.items() if not proof]
    if missing:
        check_room(out, building.min_free_gb)
        (out / FILE).unlink(missing_ok=True)  # while shards change there is no table of contents
    stale = prune(out, ledger, [shard for shard, _ in built])
    recipe.tidy(out, finished=False)
    where = where_kept(ledger)
    log.info("%d shards: %d to build; %d old ones set aside.", len(shards), len(missing), stale)
    jobs = [Job(shard, kept_of(shard, decided, where)) for shard in missing]
    running = _build_all(Build(recipe, decided, out, ledger, building), jobs)
    built += _watched(recipe.name, running, built, len(shards), Artifacts(recipe.name, out, ledger))
    write_manifest(out, recipe.name, recipe.fingerprint(), sorted(built, key=lambda one: one[0].index))
    forget(out, ledger)
    recipe.tidy(out, finished=True)
    reasons = total_reasons(proof for _, proof in built)
    log.info(_sentence(reasons))
    return reasons


@task(name="build-shard", task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def build(name: str, job: Job, whole: Build) -> Proof:
    """One shard, by a worker that keeps its own detectors."""
    return build_shard(
        whole.recipe, job.shard, whole.decided, whole.out, whole.ledger, job.kept, whole.building.min_free_gb
    )


def _build_all(whole: Build, jobs: Sequence[Job]) -> Iterator[Built]:
    """Submit a window of jobs and collect them in order; what ends one ends all, after those under way."""
    if not jobs:
        return
    waiting, running = deque(jobs), deque[tuple[Job, Any]]()
    later: TryAgainLater | None = None
    with task_runner(whole.building, whole.recipe.workers) as runner:
        while running or (waiting and later is None):
            while waiting and later is None and len(running) < WINDOW * whole.recipe.workers:
                if running and whole.recipe.waiting(whole.out):
                    break  # a host refuses: those under way wait for it, and no other begins
                job = waiting.popleft()
                running.append((job, _submit(runner, whole, job)))
            job, future = running.popleft()
            try:
                yield job.shard, future.result()
            except TryAgainLater as stopped:
                later = stopped
    if later is not None:
        raise later


def _submit(runner: Any, whole: Build, job: Job) -> Any:
    name = f"{whole.recipe.name} {job.shard.split} {job.shard.index:05d}"
    with tags(whole.recipe.name, job.shard.split):
        return runner.submit(build, {"name": name, "job": job, "whole": whole})


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
