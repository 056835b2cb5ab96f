"""What became of everything ever tried: queries over the ledger, and tables of them for a terminal.

The queries are DuckDB's SQL over plain Parquet. To run one by hand, name the files first:

    CREATE VIEW ledger AS FROM 'data/ledger/speech_faces/*.parquet';
    CREATE VIEW corpus AS FROM read_parquet('data/speech_faces/*/*.parquet', filename = true);
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table
from rich.text import Text

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

MESSAGES = """
SELECT reason, count(*) AS items, min(id) AS example, min_by(message, id) AS its_message
FROM ledger
WHERE status <> 'ok'
GROUP BY reason
ORDER BY items DESC, reason
"""

QUERIES = {"By status and reason": COUNTS, "Funnel": FUNNEL, "Splits": BY_SPLIT, "Why, with an example": MESSAGES}


def query(sql: str, ledger: Path, data: Path | None = None) -> list[dict[str, Any]]:
    """Rows of any query over the views `ledger` and, if `data` names a built corpus, `corpus`.

    Raises:
        InputError: there is no ledger.
    """
    with duckdb.connect() as connection:
        _view(connection, "ledger", _files(ledger, [ledger]))
        if data is not None:
            _view(connection, "corpus", _files(data, [data / split for split in SPLITS]))
        result = connection.execute(sql)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def counts(ledger: Path) -> list[dict[str, Any]]:
    """Items by status and reason: status, reason ('' when ok), items, percent."""
    return query(COUNTS, ledger)


def funnel(ledger: Path) -> dict[str, int]:
    """Items left after each step, in order: tried, readable_rows, fetched, usable_media, one_face, kept."""
    return query(FUNNEL, ledger)[0]


def splits(ledger: Path) -> list[dict[str, Any]]:
    """Size of each split: split, tried, kept, shards, attempts."""
    return query(BY_SPLIT, ledger)


def status_tables(ledger: Path) -> list[Table]:
    """Every query's answer as a table for a terminal.

    Raises:
        InputError: there is no ledger.
    """
    return [_table(title, query(sql, ledger)) for title, sql in QUERIES.items()]


def _table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in rows[0] if rows else ():
        number = isinstance(rows[0][name], int | float)
        table.add_column(name.replace("_", " "), justify="right" if number else "left")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    return table


def _text(value: Any) -> Text:
    # Text, not a string: a tool's words are full of [brackets] and :a:, which rich would read as its own.
    return Text(f"{value:,}" if isinstance(value, int) else str("" if value is None else value))


def _files(folder: Path, folders: Sequence[Path]) -> list[str]:
    files = [str(path) for one in folders for path in shard_paths(one)]
    if not files:
        raise InputError(f"{folder}: holds no shards; build the corpus first (dvc repro).")
    return files


def _view(connection: duckdb.DuckDBPyConnection, name: str, files: list[str]) -> None:
    quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{quoted}])")
