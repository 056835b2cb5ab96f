"""The state of a corpus for a terminal: the queries' answers as tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from s2f.corpus.queries import STATUS, query


def status_tables(ledger: Path) -> list[Table]:
    """Every query's answer as a table for a terminal.

    Raises:
        InputError: there is no ledger.
    """
    return [table_of(title, query(sql, ledger)) for title, sql in STATUS.items()]


def table_of(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Rows as a table: numbers to the right, words as they are."""
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
