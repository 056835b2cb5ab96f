"""A dataset's table of contents, and the removal of what is not in it.

`manifest.json` names everything that decided the dataset and every shard with its sha256: no date, no host, so that the
same build writes the same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from s2f.corpus import kept
from s2f.corpus.ledger import Proof, read_proof
from s2f.corpus.plan import Shard
from s2f.corpus.splits import SPLITS, TRAIN
from s2f.dataset.schemas import SCHEMA_VERSION
from s2f.dataset.shards import shard_name, shard_paths
from s2f.media.failures import status_of
from s2f.runtime import InputError, replace_file

FILE = "manifest.json"
REOPENED = "reopened"  # in `.kept`: the dataset was finished, and then shards were opened for so many items


def write_manifest(out: Path, name: str, fingerprint: dict[str, Any], built: Sequence[tuple[Shard, Proof]]) -> None:
    """Describe a finished dataset beside its shards."""
    reasons = total_reasons(proof for _, proof in built)
    statuses: Counter[str] = Counter()
    for reason, count in reasons.items():
        statuses[status_of(reason)] += count
    recipe = json.dumps(fingerprint, sort_keys=True)
    manifest = {
        "dataset": name,
        "schema_version": SCHEMA_VERSION,
        "parameter_hash": hashlib.sha256(recipe.encode()).hexdigest(),
        "recipe": fingerprint,
        "tried": sum(reasons.values()),
        "by_status": dict(statuses),
        "by_reason": reasons,
        "rows": {split: sum(proof.rows for shard, proof in built if shard.split == split) for split in SPLITS},
        "shards": {
            f"{shard.split}/{shard_name(shard.index)}": {"rows": proof.rows, "sha256": proof.sha256}
            for shard, proof in built
            if proof.rows
        },
    }
    content = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    replace_file(out / FILE, content.encode())


def reopen(out: Path, ledger: Path, to_try: int = 0) -> None:
    """Take the table of contents away, since shards will be written anew to try so many items again.

    That there was one is remembered.
    """
    if was_finished(out, ledger):
        replace_file(ledger / kept.FOLDER / REOPENED, f"{(_reopened(ledger) or 0) + to_try}".encode())
        (out / FILE).unlink(missing_ok=True)


def outgrow(ledger: Path, shards: Iterable[Shard], decided: str, where: Collection[str]) -> None:
    """Forget that a build was finished here if more is to be tried in these shards than they were opened for.

    Then the list has grown, or other parameters decide. `where` holds the keys of items that were kept.
    """
    reopened = _reopened(ledger)
    if reopened is not None:
        items = (item for shard in shards for item in shard.items)
        if sum(not item.removed and item.key(decided) not in where for item in items) > reopened:
            (ledger / kept.FOLDER / REOPENED).unlink()


def _reopened(ledger: Path) -> int | None:
    path = ledger / kept.FOLDER / REOPENED
    return int(path.read_text() or 0) if path.is_file() else None


def was_finished(out: Path, ledger: Path) -> bool:
    """Whether a build was finished here, and at most some of its shards were opened since.

    Where not, nobody who retries or removes some items asks for all the others, which may take days.
    """
    return (out / FILE).is_file() or (ledger / kept.FOLDER / REOPENED).is_file()


def check_trainable(out: Path) -> None:
    """Refuse a finished dataset that nothing can be trained on.

    Raises:
        InputError: items were tried, and none was kept in the train split.
    """
    manifest = json.loads((out / FILE).read_text(encoding="utf-8"))
    if manifest["tried"] and not manifest["rows"][TRAIN]:
        ends = ", ".join(f"{count} {reason}" for reason, count in manifest["by_reason"].items())
        raise InputError(
            f"{out}: no item was kept in the split '{TRAIN}', of {manifest['tried']} tried ({ends}); "
            "`s2f corpus status` says why; `s2f corpus retry --class transient` tries again what may come after all."
        )


def total_reasons(proofs: Any) -> dict[str, int]:
    """Items by reason over all shards, "ok" among them."""
    total: Counter[str] = Counter()
    for proof in proofs:
        total.update(proof.reasons)
    return dict(sorted(total.items()))


def drop_halves(out: Path, ledger: Path) -> None:
    """Delete files that whoever was writing them did not live to finish."""
    for folder in (ledger, out, *(out / split for split in SPLITS), ledger / kept.FOLDER, out / kept.FOLDER):
        for path in folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)


def drop_unproved(out: Path, ledger: Path) -> None:
    """Delete data without a ledger that can be read: nobody knows whose they are, and they are built again."""
    for path in (path for split in SPLITS for path in shard_paths(out / split)):
        if read_proof(ledger / path.name) is None:
            reopen(out, ledger)
            path.unlink()
            (ledger / path.name).unlink(missing_ok=True)


def prune(out: Path, ledger: Path, done: Collection[Shard]) -> int:
    """Leave only shards that are done: others are set aside to be used again, half-written files go; returns how many.

    A data file without its ledger proves nothing, and goes too.
    """
    drop_halves(out, ledger)
    names = {shard_name(shard.index): shard.split for shard in done}
    stale = [path.name for path in shard_paths(ledger) if path.name not in names]
    for name in stale:
        kept.set_aside(out, ledger, name)
    strays = [path for split in SPLITS for path in shard_paths(out / split) if names.get(path.name) != split]
    for path in strays:
        path.unlink()
    return len(stale) + len(strays)
