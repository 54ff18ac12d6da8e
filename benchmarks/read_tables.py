"""Check and time `read_table`: files of known content, round trips, a large file.

``--files 500`` writes 500 delimited files with hypothesis and counts how many are read
with their content, or refused. ``--tables ../shared/data`` writes each Parquet file of
a folder as CSV, TSV, JSON lines and Parquet, and compares what is read from them.
``--megabytes 50`` compares the time with ``pandas.read_csv(dtype=str)``. Results:
``docs/benchmarks.md``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from skensemble import read_table
from skensemble.preprocessing import TableEncoder

# The tests draw the same files.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tables"))
# Rows from which kinds of columns are inferred.
ROWS_OF_KINDS = 2000
# Cells of each table, from its first rows: JSON lines repeat the names in each record.
CELLS = 60_000
KNOWN = ("same", "refused", "refused without fault")


def count_files(n_files, seed):
    """Count what becomes of files of known content."""
    import hypothesis
    from written_tables import outcome, written_tables

    counts = Counter()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n_files,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(written_tables())
    def run(table):
        found = outcome(table)
        counts[found if found in KNOWN else "lost in silence"] += 1
        if found not in KNOWN:
            print(found)

    run()
    print(f"{sum(counts.values())} files:")
    for name in (*KNOWN, "lost in silence"):
        print(f"  {name}: {counts[name]}")


def write(table, folder):
    """Write a table in four formats."""
    table.to_csv(folder / "a.csv", index=False)
    table.to_csv(folder / "a.tsv", index=False, sep="\t")
    table.to_parquet(folder / "a.parquet", index=False)
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    lines = (json.dumps(record, default=str) for record in records)
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf8")


def kinds_of(frame):
    return dict(TableEncoder().fit(frame.head(ROWS_OF_KINDS)).kinds_)


def values_of(column):
    column = column.astype(object)
    return column.where(column.notna(), None).tolist()


def unequal(frame, other):
    """List the columns whose values differ, or whose kinds of the encoder differ."""
    kinds, others = kinds_of(frame), kinds_of(other)
    return [
        name
        for name in frame
        if values_of(frame[name]) != values_of(other[name])
        or kinds[name] != others[name]
    ]


def texts_of(frame):
    return [name for name in frame if pd.api.types.is_string_dtype(frame[name].dtype)]


def compare_tables(source):
    """Compare the formats of each table: as they are read, and with texts named."""
    counts = Counter()
    for path in sorted(source.glob("*.parquet")):
        table = pd.read_parquet(path)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(table.head(CELLS // table.shape[1]), folder)
            frames = {one.suffix: read_table(one) for one in folder.iterdir()}
            texts = texts_of(frames[".parquet"])
            named = read_table(folder / "a.csv", columns_as_text=texts)
        typed = frames[".parquet"]
        pairs = {
            "TSV as CSV": (frames[".csv"], frames[".tsv"]),
            "JSON lines as Parquet": (typed, frames[".jsonl"]),
            "CSV as Parquet": (typed, frames[".csv"]),
            "CSV as Parquet, with columns_as_text": (typed, named),
        }
        for pair, (frame, other) in pairs.items():
            found = unequal(frame, other)
            counts[pair] += not found
            if found:
                print(f"{path.stem}, not {pair}: {', '.join(found)}", flush=True)
        counts["tables"] += 1
    for pair, count in counts.items():
        print(f"  {pair}: {count}")


def compare_times(megabytes):
    """Time the reader and pandas on the same file, alternately."""
    rng, n_rows = np.random.default_rng(0), int(megabytes * 9_100)
    table = pd.DataFrame(
        {
            **{f"x{j}": rng.normal(size=n_rows).round(5) for j in range(7)},
            **{f"k{j}": rng.integers(0, 100_000, n_rows) for j in range(5)},
            "level": rng.choice(["alpha", "beta", "None"], n_rows),
            "text": rng.choice(["some text, with comma", "more words"], n_rows),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        table.to_csv(path, index=False)
        size = path.stat().st_size / 1e6
        seconds = {"pandas": [], "read_table": []}
        for _ in range(3):
            seconds["pandas"].append(timed(pd.read_csv, path, engine="c", dtype=str))
            seconds["read_table"].append(timed(read_table, path))
    best = {name: min(each) for name, each in seconds.items()}
    ratio = best["read_table"] / best["pandas"]
    print(f"{size:.0f} MB: {best} seconds of processor time, ratio {ratio:.2f}")


def timed(function, *args, **options):
    start = time.process_time()
    function(*args, **options)
    return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--megabytes", type=float, default=0)
    args = parser.parse_args()
    if args.files:
        count_files(args.files, args.seed)
    if args.tables:
        compare_tables(args.tables)
    if args.megabytes:
        compare_times(args.megabytes)


if __name__ == "__main__":
    main()
