"""What became of everything ever tried: queries over the ledger, in DuckDB's SQL over plain Parquet.

Every command of `s2f corpus` has --sql, which prints its query with the views it uses, to be copied and changed.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from s2f.corpus.splits import SPLITS
from s2f.dataset.shards import shard_paths
from s2f.media.failures import REASONS, Step, lost_at
from s2f.runtime import InputError

COUNTS = """
SELECT status, coalesce(reason, '') AS reason, count(*) AS items,
       round(100 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM ledger
GROUP BY ALL
ORDER BY items DESC, reason
"""


def _lost_at(step: Step) -> str:
    """Pairs of a reason and whether (1) or not (0) it came of an attempt, as SQL."""
    pairs = ((reason, attempts) for reason in REASONS for attempts in (0, 1) if lost_at(reason, attempts) is step)
    return ", ".join(f"('{reason}', {attempts})" for reason, attempts in pairs)


# How many items were left after each step of `failures.Step`, whose definition is written out here for SQL.
FUNNEL = f"""
WITH judged AS (
    SELECT CASE
        WHEN reason IS NULL THEN 5
        WHEN (reason, least(attempts, 1)) IN ({_lost_at(Step.ROW)}) THEN 0
        WHEN (reason, least(attempts, 1)) IN ({_lost_at(Step.FETCHED)}) THEN 1
        WHEN (reason, least(attempts, 1)) IN ({_lost_at(Step.DECODED)}) THEN 2
        WHEN (reason, least(attempts, 1)) IN ({_lost_at(Step.ONE_FACE)}) THEN 3
        ELSE 4
    END AS passed
    FROM ledger
)
SELECT count(*) AS tried,
       count(*) FILTER (passed >= 1) AS readable_rows,
       count(*) FILTER (passed >= 2) AS fetched,
       count(*) FILTER (passed >= 3) AS usable_media,
       count(*) FILTER (passed >= 4) AS one_face,
       count(*) FILTER (passed >= 5) AS kept
FROM judged
"""

BY_SPLIT = """
SELECT split, count(*) AS tried, count(*) FILTER (status = 'ok') AS kept,
       count(DISTINCT shard) AS shards, sum(attempts) AS attempts
FROM ledger
GROUP BY split
ORDER BY array_position(['train', 'validation', 'test'], split)
"""

# A message names its video in many words; without the name, what was said a thousand times is one line.
FAILURES = r"""
SELECT status AS class, reason, replace(message, regexp_replace(id, '_\d+$', ''), '…') AS said, count(*) AS items,
       min(id) AS example
FROM ledger
WHERE status <> 'ok'
GROUP BY ALL
ORDER BY items DESC, reason, said
LIMIT 30
"""

# By the day on which a shard was last written, as the file system has it.
BY_DAY = """
SELECT last_modified::DATE AS day, count(DISTINCT shard) AS shards, count(*) AS tried,
       count(*) FILTER (status = 'ok') AS kept
FROM ledger JOIN shards USING (filename)
GROUP BY day
ORDER BY day
"""

# What `retry` tries again, for lists of classes and of reasons.
RETRY = """
SELECT id, status, reason, parse_filename(filename) AS file
FROM ledger
WHERE list_contains($classes, status) OR list_contains($reasons, reason)
ORDER BY file, id
"""

# What `remove` takes out, for a list of ids: of clips, of videos with all their clips, of pictures.
NAMED = r"""
SELECT id, split, status, reason, parse_filename(filename) AS file
FROM ledger
WHERE list_contains($ids, id) OR list_contains($ids, regexp_replace(id, '_[^_]*$', ''))
ORDER BY file, id
"""

# Items named twice, rows that no ledger knows, and rows that a ledger promises and that are not there.
CONTRADICTIONS = """
WITH rows AS (SELECT COLUMNS('^(clip|image)_id$') AS id FROM corpus)
SELECT 'in the ledger more than once' AS what, id FROM ledger GROUP BY id HAVING count(*) > 1
UNION ALL SELECT 'in the dataset more than once', id FROM rows GROUP BY id HAVING count(*) > 1
UNION ALL SELECT 'in the dataset, and not in the ledger as ok', id FROM rows ANTI JOIN ok USING (id)
UNION ALL SELECT 'in the ledger as ok, and not in the dataset', id FROM ok ANTI JOIN rows USING (id)
ORDER BY what, id
"""

STATUS = {
    "By status and reason": COUNTS,
    "Funnel": FUNNEL,
    "Splits": BY_SPLIT,
    "By day": BY_DAY,
    "Why, with an example": FAILURES,
}


def query(sql: str, ledger: Path, data: Path | None = None, **values: Any) -> list[dict[str, Any]]:
    """Rows of any query over the views `ledger`, `ok`, `shards` and, if `data` names a built corpus, `corpus`.

    Raises:
        InputError: there is no ledger, or no corpus, or a file of it is broken, or of a version with other columns.
        ParserException, CatalogException: of a query that is none: no file is to blame.
    """
    with duckdb.connect() as connection:
        try:
            for statement in views(ledger, data):
                connection.execute(statement)
            result = connection.execute(sql, values)
            columns = [column[0] for column in result.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        except (duckdb.ParserException, duckdb.CatalogException):
            raise
        except duckdb.Error as error:
            words = (str(error).splitlines() or ["DuckDB gives no reason"])[0]
            raise InputError(f"{ledger}: {words}; `s2f corpus verify` finds what is broken.") from None


def views(ledger: Path, data: Path | None = None) -> list[str]:
    """Statements that name the files for all queries here.

    Raises:
        InputError: there is no ledger, or no corpus.
    """
    entries = _files(ledger, [ledger])
    statements = [
        f"CREATE VIEW ledger AS FROM read_parquet({entries}, filename = true);",
        "CREATE VIEW ok AS FROM ledger WHERE status = 'ok';",
        f"CREATE VIEW shards AS SELECT filename, last_modified, size FROM read_blob({entries});",
    ]
    if data is not None:
        rows = _files(data, [data / split for split in SPLITS])
        statements.append(f"CREATE VIEW corpus AS FROM read_parquet({rows}, filename = true);")
    return statements


def script(queries: Mapping[str, str], ledger: Path, data: Path | None = None, **values: Sequence[str]) -> str:
    """Queries by title, with the views they use and their values written out, to be run by DuckDB.

    Raises:
        InputError: there is no ledger, or no corpus.
    """
    parts = ["\n".join(views(ledger, data))]
    for title, sql in queries.items():
        for name, words in values.items():
            sql = sql.replace(f"${name}", "[" + ", ".join(map(_literal, words)) + "]::VARCHAR[]")
        parts.append(f"-- {title}{sql.rstrip()};")
    return "\n\n".join(parts)


def _literal(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def counts(ledger: Path) -> list[dict[str, Any]]:
    """Items by status and reason: status, reason ('' when ok), items, percent."""
    return query(COUNTS, ledger)


def funnel(ledger: Path) -> dict[str, int]:
    """Items left after each step, in order: tried, readable_rows, fetched, usable_media, one_face, kept."""
    return query(FUNNEL, ledger)[0]


def splits(ledger: Path) -> list[dict[str, Any]]:
    """Size of each split: split, tried, kept, shards, attempts."""
    return query(BY_SPLIT, ledger)


def _files(folder: Path, folders: Sequence[Path]) -> str:
    """Globs of the shards in folders as an SQL list; a folder's own name holds no wildcard."""
    names = [re.sub(r"[*?\[]", r"[\g<0>]", str(one)) for one in folders if shard_paths(one)]
    if not names:
        raise InputError(f"{folder}: holds no shards; build the corpus first (dvc repro).")
    return "[" + ", ".join(_literal(f"{name}/*.parquet") for name in names) + "]"
