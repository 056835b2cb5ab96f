"""What became of every item ever tried: one ledger shard beside each data shard, written last.

The ledger shard is the proof that its data shard is whole: its metadata hold the key of what was built (items,
parameters, models, columns) and the data file's sha256. No proof, another key or other data: the shard is built again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.plan import Shard
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import replace_file, shard_bytes, shard_name, write_shard
from s2f.media.failures import OK, Failure, Kind, status_of
from s2f.runtime import file_sha256

PROOF = b"s2f"  # key of the ledger schema's metadata
ANOTHER_TRY = (Kind.TRANSIENT, Kind.BLOCKED)


@dataclass(frozen=True)
class Outcome:
    """How one item ended: a row of the dataset, or a failure."""

    id: str
    end: dict[str, Any] | Failure
    attempts: int = 1


@dataclass(frozen=True)
class Proof:
    """What a finished shard holds."""

    key: str
    rows: int
    sha256: str | None  # of the data file; None where no row was kept and there is no file
    reasons: dict[str, int]  # items by reason, "ok" among them


def data_path(out: Path, shard: Shard) -> Path:
    """Where a shard's rows lie."""
    return out / shard.split / shard_name(shard.index)


def finished(out: Path, ledger: Path, shard: Shard, key: str) -> Proof | None:
    """The proof that this very shard was built before, or None.

    A shard that kept no row, and had an item that may yet come, is not finished: building it again can lose nothing.
    """
    try:
        metadata = pq.read_schema(ledger / shard_name(shard.index)).metadata or {}
        proof = Proof(**json.loads(metadata[PROOF]))
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None
    if proof.key != key or (proof.rows == 0 and any(status_of(reason) in ANOTHER_TRY for reason in proof.reasons)):
        return None
    path = data_path(out, shard)
    return proof if proof.sha256 == (file_sha256(path) if path.is_file() else None) else None


def finish(
    out: Path, ledger: Path, shard: Shard, key: str, outcomes: Sequence[Outcome], schema: pa.Schema, tools: str
) -> Proof:
    """Write a shard's rows, then its ledger; in between there is none, so that a kill leaves no proof of other rows."""
    path, proof_path = data_path(out, shard), ledger / shard_name(shard.index)
    proof_path.unlink(missing_ok=True)
    rows = [outcome.end for outcome in outcomes if not isinstance(outcome.end, Failure)]
    sha256 = None
    if rows:
        content = shard_bytes(rows, schema)
        sha256 = hashlib.sha256(content).hexdigest()
        replace_file(path, content)
    else:
        path.unlink(missing_ok=True)
    reasons = Counter(outcome.end.reason if isinstance(outcome.end, Failure) else OK for outcome in outcomes)
    proof = Proof(key, len(rows), sha256, dict(sorted(reasons.items())))
    entries = [_entry(outcome, shard, tools) for outcome in outcomes]
    text = json.dumps(asdict(proof), sort_keys=True)
    write_shard(entries, LEDGER.with_metadata({PROOF: text}), proof_path)
    return proof


def _entry(outcome: Outcome, shard: Shard, tools: str) -> dict[str, Any]:
    failure = outcome.end if isinstance(outcome.end, Failure) else None
    return {
        "id": outcome.id,
        "status": failure.kind.value if failure else OK,
        "reason": failure.reason if failure else None,
        "message": failure.message if failure else None,
        "attempts": outcome.attempts,
        "split": shard.split,
        "shard": shard.index,
        "tools": tools,
    }
