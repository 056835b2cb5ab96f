"""What became of every item ever tried: one ledger shard beside each data shard, written last.

The ledger shard is the proof that its data shard is whole: its metadata hold the key of what was built (items,
parameters, models, columns) and the data file's sha256. No proof, another key or other data: the shard is built again.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.plan import Shard
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import ShardWriter, shard_name, write_shard
from s2f.media.failures import OK, Failure
from s2f.runtime import file_sha256

PROOF = b"s2f"  # key of the ledger schema's metadata


@dataclass(frozen=True)
class Outcome:
    """How one item ended: a row of the dataset, or a failure."""

    id: str
    end: dict[str, Any] | Failure
    attempts: int = 1
    tools: str | None = None  # versions that had a hand in it, as JSON; None: this environment's
    item: str | None = None  # key of what was tried


@dataclass(frozen=True)
class Proof:
    """What a finished shard holds."""

    key: str
    rows: int
    sha256: str | None  # of the data file; None where no row was kept and there is no file
    size: int  # of the data file, in bytes
    reasons: dict[str, int]  # items by reason, "ok" among them


def data_path(out: Path, shard: Shard) -> Path:
    """Where a shard's rows lie."""
    return out / shard.split / shard_name(shard.index)


def read_ledger(path: Path) -> pa.Table | None:
    """A ledger shard; None if there is none, or it is broken or of another version. It is read to its last byte."""
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        return None
    return table if table.schema.equals(LEDGER) else None


def read_proof(path: Path) -> Proof | None:
    """What a ledger shard proves; None if there is none, or it is broken or of another version."""
    table = read_ledger(path)
    try:
        return None if table is None else Proof(**json.loads(_written_twice(path, table)))
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None


def _written_twice(path: Path, table: pa.Table) -> bytes:
    """A proof's words, which no checksum covers: they stand in Parquet's metadata and in Arrow's schema there."""
    words: bytes = table.schema.metadata[PROOF]
    if pq.read_metadata(path).metadata[PROOF] != words:
        raise ValueError(f"{path}: its two proofs differ")
    return words


def finished(out: Path, ledger: Path, shard: Shard, key: str) -> Proof | None:
    """The proof that this very shard was built before, or None."""
    proof, path = read_proof(ledger / shard_name(shard.index)), data_path(out, shard)
    if proof is None or proof.key != key:
        return None
    return proof if untouched(proof, path, ledger / shard_name(shard.index)) or holds(proof, path) else None


def untouched(proof: Proof, path: Path, proof_path: Path) -> bool:
    """Whether the data file has its size and is older than its proof: then it was not written since.

    Else every start would read all data, 76 GB at the paper's scale. A disk's own decay is found by `verify`.
    """
    try:
        data = path.stat()
        return data.st_size == proof.size and data.st_mtime_ns <= proof_path.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def holds(proof: Proof, path: Path) -> bool:
    """Whether the data file at `path` is the one that is proved, down to its last byte."""
    return proof.sha256 == (file_sha256(path) if path.is_file() else None)


def finish(
    out: Path, ledger: Path, shard: Shard, key: str, outcomes: Iterable[Outcome], schema: pa.Schema, tools: str
) -> Proof:
    """Write a shard's rows as they come, then its ledger; until then there is none, so that a kill proves nothing."""
    path, proof_path = data_path(out, shard), ledger / shard_name(shard.index)
    proof_path.unlink(missing_ok=True)
    writer = ShardWriter(path, schema)
    reasons: Counter[str] = Counter()
    entries = []
    try:
        for outcome in outcomes:
            failure = outcome.end if isinstance(outcome.end, Failure) else None
            if not isinstance(outcome.end, Failure):
                writer.add(outcome.end)
            reasons[failure.reason if failure else OK] += 1
            entries.append(_entry(outcome, failure, shard, tools))
        written = writer.close()
    finally:
        writer.abandon()
    if written is None:
        path.unlink(missing_ok=True)
    sha256, size = (file_sha256(path), path.stat().st_size) if written else (None, 0)
    proof = Proof(key, writer.rows, sha256, size, dict(sorted(reasons.items())))
    text = json.dumps(asdict(proof), sort_keys=True)
    write_shard(entries, LEDGER.with_metadata({PROOF: text}), proof_path)
    return proof


def _entry(outcome: Outcome, failure: Failure | None, shard: Shard, tools: str) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "status": failure.kind.value if failure else OK,
        "reason": failure.reason if failure else None,
        "message": failure.message if failure else None,
        "attempts": outcome.attempts,
        "split": shard.split,
        "shard": shard.index,
        "item": outcome.item,
        "tools": outcome.tools or tools,
    }
