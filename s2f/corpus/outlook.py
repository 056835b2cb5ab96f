"""What a build will take, before anything is fetched: videos, hours of speech, room, days at the rate limit.

The plan is written as Parquet, one row for each item, and everything that is said of it is a query over that file.
"""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.cliplist import BadRow, Clip
from s2f.corpus.kept import FOLDER
from s2f.corpus.plan import Item, Shard, plan_shards
from s2f.corpus.recipe import Recipe, decided_by
from s2f.corpus.splits import SPLITS
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import is_shard, shard_paths, write_shard

TO_DO = "to do"

PLAN = pa.schema(
    [
        ("id", pa.string()),
        ("video", pa.string()),  # null for a picture
        ("seconds", pa.float64()),  # of a clip; null for a picture
        ("split", pa.string()),
        ("shard", pa.int32()),
        ("state", pa.string()),  # to do, or the ledger's status of it
    ]
)

OUTLOOK = """
SELECT coalesce(split, 'all') AS split, count(*) AS items, count(*) FILTER (state = 'ok') AS kept,
       count(*) FILTER (state NOT IN ('ok', 'to do')) AS lost, count(*) FILTER (state = 'to do') AS to_do,
       count(DISTINCT video) FILTER (state = 'to do') AS videos_to_do,
       round(coalesce(sum(seconds) FILTER (state = 'to do'), 0) / 3600, 2) AS hours_to_do,
       count(DISTINCT shard) FILTER (state = 'to do') AS shards_to_do
FROM plan
GROUP BY ROLLUP (split)
ORDER BY array_position(['train', 'validation', 'test', 'all'], coalesce(split, 'all'))
"""


def write_plan(recipe: Recipe, ledger: Path, path: Path) -> None:
    """Plan a corpus and write one row for each item, with what is known of it."""
    known = _known(ledger)
    decided = decided_by(recipe) if known else ""  # without a ledger no weights are looked at, nor downloaded
    shards = plan_shards(recipe.items(), recipe.shard_items)
    write_shard(
        (_row(item, shard, known.get(item.key(decided), TO_DO)) for shard in shards for item in shard.items), PLAN, path
    )


def outlook(path: Path) -> list[dict[str, Any]]:
    """Rows of OUTLOOK: one for each split and one for all."""
    with duckdb.connect() as connection:
        connection.execute(outlook_view(path))
        result = connection.execute(OUTLOOK)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def outlook_view(path: Path) -> str:
    """The statement that names the plan's file for OUTLOOK."""
    name = str(path).replace("'", "''")
    return f"CREATE VIEW plan AS FROM read_parquet('{name}');"


def bytes_of_a_row(out: Path, guess: float) -> tuple[float, int]:
    """What a row of the dataset takes on the disk, and of how many rows that is the mean; 0 rows: a guess."""
    size = rows = 0
    for path in (path for split in SPLITS for path in shard_paths(out / split)):
        size += path.stat().st_size
        rows += pq.read_metadata(path).num_rows
    return (size / rows, rows) if rows else (guess, 0)


def _known(ledger: Path) -> dict[str, str]:
    """Status of every item of a ledger, and of what was set aside, by its key."""
    known: dict[str, str] = {}
    for path in [*shard_paths(ledger / FOLDER), *shard_paths(ledger)]:
        if not is_shard(path, LEDGER):  # of another version: all of it will be tried again
            continue
        table = pq.read_table(path, columns=["item", "status"])
        known |= dict(zip(table["item"].to_pylist(), table["status"].to_pylist(), strict=True))
    return known


def _row(item: Item, shard: Shard, state: str) -> dict[str, Any]:
    clip = item.what if isinstance(item.what, Clip) else None
    return {
        "id": item.what.id,
        "video": clip.youtube_id if clip else None,
        "seconds": clip.end_s - clip.start_s if clip else None,
        "split": shard.split,
        "shard": shard.index,
        "state": "permanent" if state == TO_DO and (item.removed or isinstance(item.what, BadRow)) else state,
    }
