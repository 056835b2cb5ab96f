"""Build a corpus in shards: plan, submit a window of them, collect, prune, write the manifest, leave artifacts.

A task is one shard, the unit of retry and of storage. A shard that was finished before is not submitted at all, so
that running the same command again resumes, whatever stopped it.
"""

import functools
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from s2f.corpus.kept import forget, kept_of, where_kept
from s2f.corpus.ledger import Proof, finished
from s2f.corpus.manifest import FILE, prune, total_reasons, write_manifest
from s2f.corpus.plan import Shard, plan_shards
from s2f.corpus.recipe import Recipe, build_shard, decided_by
from s2f.media.failures import OK, status_of
from s2f.runtime import progress

WINDOW = 3  # shards submitted per worker: enough that none waits, few enough to stop soon

Kept = tuple[str, ...]  # names of shards that were set aside
Built = tuple[Shard, Proof]


@functools.lru_cache(maxsize=1)
def shards_of(recipe: Recipe) -> tuple[Shard, ...]:
    """The plan; kept until used, because a command plans before its flow does, to refuse a bad list in one sentence."""
    return tuple(plan_shards(recipe.items(), recipe.shard_items))


def build_corpus(recipe: Recipe, out: Path, ledger: Path) -> dict[str, int]:
    """Build what is missing, inside a flow run; items by reason, "ok" among them."""
    log = get_run_logger()
    shards = shards_of(recipe)
    shards_of.cache_clear()  # the next run's list, or its files, may be others
    decided = decided_by(recipe)
    proofs = {shard: finished(out, ledger, shard, shard.key(decided)) for shard in shards}
    built = [(shard, proof) for shard, proof in proofs.items() if proof]
    missing = [shard for shard, proof in proofs.items() if not proof]
    if missing:
        (out / FILE).unlink(missing_ok=True)  # while shards change there is no table of contents
    stale = prune(out, ledger, [shard for shard, _ in built])
    where = where_kept(ledger)
    log.info("%d shards: %d to build; %d old ones set aside.", len(shards), len(missing), stale)
    jobs = [(shard, kept_of(shard, decided, where)) for shard in missing]
    building = _build_all(recipe, jobs, decided, out, ledger)
    built += _watched(recipe.name, building, len(built), len(shards))
    write_manifest(out, recipe.name, recipe.fingerprint(), sorted(built, key=lambda one: one[0].index))
    forget(out, ledger)
    reasons = total_reasons(proof for _, proof in built)
    _leave_table(recipe.name, reasons)
    log.info(_sentence(reasons))
    return reasons


@task(name="build-shard", task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def build(name: str, recipe: Recipe, shard: Shard, kept: Kept, decided: str, out: Path, ledger: Path) -> Proof:
    """One shard, in a thread that keeps its own detectors."""
    return build_shard(recipe, shard, decided, out, ledger, kept)


def _build_all(
    recipe: Recipe, jobs: Iterable[tuple[Shard, Kept]], decided: str, out: Path, ledger: Path
) -> Iterator[Built]:
    """Submit a window of shards and collect them in order; the first error ends it, after those under way."""
    waiting = deque(jobs)
    running: deque[tuple[Shard, Any]] = deque()
    while waiting or running:
        while waiting and len(running) < WINDOW * recipe.workers:
            shard, kept = waiting.popleft()
            name = f"{recipe.name} {shard.split} {shard.index:05d}"
            running.append((shard, build.submit(name, recipe, shard, kept, decided, out, ledger)))
        shard, future = running.popleft()
        yield shard, future.result()


def _watched(name: str, building: Iterator[Built], before: int, total: int) -> Iterator[Built]:
    """Show how far it is: on the terminal, and as an artifact in Prefect's UI."""
    artifact = create_progress_artifact(100 * before / total, key=_slug(name, "progress"), description="shards built")
    if not isinstance(artifact, UUID):
        raise TypeError("Prefect answered as if this were a coroutine")
    reasons: Counter[str] = Counter()
    with progress() as bar:
        line = bar.add_task(name, total=total, completed=before, note="")
        for number, (shard, proof) in enumerate(building, start=before + 1):
            reasons.update(proof.reasons)
            bar.update(line, advance=1, note=f"{reasons[OK]} of {reasons.total()} kept")
            update_progress_artifact(artifact, 100 * number / total)
            yield shard, proof


def _leave_table(name: str, reasons: dict[str, int]) -> None:
    rows = [
        {"reason": reason, "class": status_of(reason), "items": count}
        for reason, count in sorted(reasons.items(), key=lambda one: -one[1])
    ]
    create_table_artifact(rows, key=_slug(name, "reasons"), description="what became of every item")


def _slug(name: str, what: str) -> str:
    return f"{name}-{what}".replace("_", "-")  # Prefect's keys have no underscore


def _sentence(reasons: dict[str, int]) -> str:
    lost = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if reason != OK)
    return f"{reasons.get(OK, 0)} of {sum(reasons.values())} kept" + (f"; lost: {lost}." if lost else ".")
