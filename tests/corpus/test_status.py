import io
import os
from collections import Counter

import duckdb
import pyarrow as pa
import pytest
from rich.console import Console

from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.plan import Item, Picture, Shard
from s2f.corpus.queries import NAMED, STATUS, counts, funnel, query, script, splits
from s2f.corpus.status import status_tables
from s2f.media.failures import REASONS, Failure, Step, lost_at
from s2f.runtime import InputError

SCHEMA = pa.schema([("id", pa.string())])


@pytest.fixture
def ledger(tmp_path):
    """Three items kept, one too short by the list, one lost for every reason; of the last, one in the test split."""
    kept = [Outcome(f"kept{number}", {"id": f"kept{number}"}) for number in range(3)]
    kept += [Outcome("short", Failure("too_short", "[in#0] too_short 0:a:0", attempts=0), attempts=0)]
    lost = [Outcome(f"v-{n}_00000500", Failure(reason, f"[in#0] {reason} 0:a:0")) for n, reason in enumerate(REASONS)]
    for index, split, outcomes in ((0, "train", kept + lost[1:]), (2, "test", lost[:1])):
        shard = Shard(index, split, (Item(Picture("a")),))
        finish(tmp_path / "out", tmp_path / "ledger", shard, "key", outcomes, SCHEMA, "{}")
    return tmp_path / "ledger"


def test_counts_hold_every_reason_once(ledger):
    rows = counts(ledger)
    assert rows[0]["status"] == "ok" and rows[0]["items"] == 3
    assert {row["reason"] for row in rows[1:]} == set(REASONS)
    assert sum(row["items"] for row in rows) == len(REASONS) + 4
    assert [row["percent"] for row in rows] == [round(100 * row["items"] / (len(REASONS) + 4), 1) for row in rows]


def test_the_funnel_narrows_by_the_reasons_of_each_step(ledger):
    lost = Counter(reason.step for reason in REASONS.values())
    lost[Step.FETCHED] += 1  # the one too short by the list
    left = [len(REASONS) + 4]
    left += [left[0] - sum(lost[step] for step in list(Step)[:passed]) for passed in range(1, len(Step) + 1)]
    assert list(funnel(ledger).values()) == left


def test_the_funnel_is_the_one_of_failures_for_every_reason_and_number_of_attempts(tmp_path):
    pairs = [(reason, attempts) for reason in REASONS for attempts in (0, 1, 3)]
    outcomes = [Outcome(f"{reason}{attempts}", Failure(reason, "", attempts), attempts) for reason, attempts in pairs]
    finish(tmp_path / "out", tmp_path, Shard(0, "train", ()), "key", outcomes, SCHEMA, "{}")
    lost = Counter(lost_at(reason, attempts) for reason, attempts in pairs)
    left = [len(pairs) - sum(lost[step] for step in list(Step)[:passed]) for passed in range(len(Step) + 1)]
    assert list(funnel(tmp_path).values()) == left


def test_splits_are_listed_in_their_order(ledger):
    assert [(row["split"], row["kept"], row["shards"]) for row in splits(ledger)] == [("train", 3, 1), ("test", 0, 1)]


def test_any_query_runs_over_ledger_and_corpus(ledger):
    sql = "SELECT count(*) AS n FROM ledger JOIN corpus USING (id)"
    assert query(sql, ledger, ledger.parent / "out") == [{"n": 3}]


def test_tables_show_every_reason(ledger):
    console = Console(width=120, file=io.StringIO(), record=True)
    for table in status_tables(ledger):
        console.print(table)
    text = console.export_text()
    assert all(f"[in#0] {reason} 0:a:0" in text for reason in REASONS)


def test_what_was_said_of_many_videos_is_one_line(tmp_path):
    outcomes = [Outcome(f"v{n}_7_00000500", Failure("private", f"[youtube] v{n}_7: Private")) for n in range(9)]
    finish(tmp_path / "out", tmp_path, Shard(0, "train", ()), "key", outcomes, SCHEMA, "{}")
    [row] = query(STATUS["Why, with an example"], tmp_path)
    assert row == {
        "class": "permanent",
        "reason": "private",
        "said": "[youtube] …: Private",
        "items": 9,
        "example": "v0_7_00000500",
    }


def test_days_are_those_on_which_shards_were_written(ledger):
    os.utime(ledger / "00002.parquet", (86_400 * 365, 86_400 * 365))
    rows = query(STATUS["By day"], ledger)
    assert [str(rows[0]["day"]), rows[0]["tried"], rows[1]["shards"]] == ["1971-01-01", 1, 1]
    assert sum(row["kept"] for row in rows) == 3


def test_every_query_can_be_copied_into_duckdb(ledger):
    with duckdb.connect() as connection:
        answers = [connection.execute(statement.query).fetchall() for statement in connection.extract_statements(
            script(STATUS, ledger)
        )]  # fmt: skip
    assert answers[-len(STATUS) :] == [[tuple(row.values()) for row in query(sql, ledger)] for sql in STATUS.values()]


def test_values_are_written_out_where_a_query_is_copied(ledger):
    [(some, _), *_] = duckdb.sql(f"SELECT id, split FROM '{ledger}/*.parquet' ORDER BY id").fetchall()
    sql = script({"To take out": NAMED}, ledger, ids=["it's", "[x]", some.rpartition("_")[0] or some])
    assert "list_contains(['it''s', '[x]', " in sql
    with duckdb.connect() as connection:
        assert some in {row[0] for row in connection.execute(sql).fetchall()}


def test_a_folders_name_may_hold_anything(ledger, tmp_path):
    odd = tmp_path / "it's [odd]*"
    ledger.rename(odd)
    assert sum(row["items"] for row in counts(odd)) == len(REASONS) + 4


def test_no_ledger_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="holds no shards"):
        counts(tmp_path)


@pytest.mark.parametrize(
    ("sql", "error"),
    [("SELEC 1", duckdb.ParserException), ("FROM nowhere", duckdb.CatalogException),
     ("SELECT nothing FROM ledger", InputError)],
)  # fmt: skip
def test_a_query_that_is_none_is_its_writers_mistake_and_a_column_that_is_not_there_may_be_a_files(ledger, sql, error):
    with pytest.raises(error):
        query(sql, ledger)
