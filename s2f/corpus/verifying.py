"""Every shard against the manifest, and every row against the ledger."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from s2f.corpus.ledger import read_proof
from s2f.corpus.manifest import FILE, total_reasons
from s2f.corpus.queries import CONTRADICTIONS, query
from s2f.corpus.splits import SPLITS
from s2f.dataset.shards import shard_paths
from s2f.runtime import InputError, file_sha256, progress

MOST = 20  # contradictions of one kind that are named


def verify(out: Path, ledger: Path) -> Iterator[str]:
    """One sentence for everything that is not as the manifest and the ledger say; nothing where all is well.

    Raises:
        InputError: there is no manifest, because no build was finished here.
    """
    manifest = read_manifest(out)
    yield from _wrong_shards(out, manifest)
    proofs = {path: read_proof(path) for path in shard_paths(ledger)}
    yield from (f"{path}: cut off, or of another version" for path, proof in proofs.items() if proof is None)
    if None not in proofs.values() and total_reasons(proofs.values()) != manifest["by_reason"]:
        yield f"{ledger}: counts other ends of items than {out / FILE}"
    if proofs and None not in proofs.values():
        yield from _contradictions(out, ledger, manifest)


def read_manifest(out: Path) -> dict[str, Any]:
    """A finished dataset's table of contents.

    Raises:
        InputError: there is none, or it is broken.
    """
    path = out / FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: not there, for no build was finished; run it to its end (dvc repro).") from None
    except ValueError as error:
        raise InputError(f"{path}: broken ({error}); build again (dvc repro).") from None
    if not isinstance(content, dict) or not {"shards", "by_reason"} <= content.keys():
        raise InputError(f"{path}: broken (it names no shards); build again (dvc repro).")
    return content


def _wrong_shards(out: Path, manifest: dict[str, Any]) -> Iterator[str]:
    named = manifest["shards"]
    found = {path.relative_to(out).as_posix() for split in SPLITS for path in shard_paths(out / split)}
    yield from (f"{out / name}: missing" for name in sorted(set(named) - found))
    yield from (f"{out / name}: not in the manifest" for name in sorted(found - set(named)))
    with progress() as bar:
        task = bar.add_task(f"{out}", total=len(named), note="")
        for name in sorted(found & set(named)):
            if file_sha256(out / name) != named[name]["sha256"]:
                with suppress(OSError):  # of who may only read
                    # A start reads what is newer than its proof: a disk's decay has no time of its own.
                    (out / name).touch()
                yield f"{out / name}: changed since it was built"
            bar.advance(task)


def _contradictions(out: Path, ledger: Path, manifest: dict[str, Any]) -> Iterator[str]:
    if not manifest["shards"]:
        return
    shown: Counter[str] = Counter()
    try:
        rows = query(CONTRADICTIONS, ledger, out)
    except InputError as error:
        yield f"{error}"
        return
    for row in rows:
        shown[row["what"]] += 1
        if shown[row["what"]] <= MOST:
            yield f"{row['id']}: {row['what']}"
    yield from (f"{count - MOST} more are {what}" for what, count in shown.items() if count > MOST)
