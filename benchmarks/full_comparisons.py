"""Compare all the transfer cases with the defaults, and write the reports.

    python benchmarks/full_comparisons.py DATA --reports FOLDER

``DATA`` holds cats_vs_dogs, spoken_digits and blood_cells_bccd. Each comparison has the
default time budget of 20 minutes, an empty store and no journal. Prints the table, the
verdict and the time that it took; the report of each lies in FOLDER afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from data_sets import READERS

from hybridml import compare_transfer_cases

COLUMNS = ("candidate", "cut_layer", "score", "score_low", "score_high", "n_folds")
COLUMNS += ("p_value", "fit_time_s", "predict_ms_per_image", "note")


def main() -> None:
    """Run the comparisons asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with the data sets in it")
    parser.add_argument("--reports", type=Path, required=True, help="where to write")
    parser.add_argument(
        "--sets", nargs="+", choices=READERS, default=list(READERS), metavar="SET"
    )
    args = parser.parse_args()
    args.reports.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        compare(name, args.data, args.reports / f"{name}.html")


def compare(name: str, data: Path, report: Path) -> None:
    """Compare on one data set, and say what came of it."""
    images, targets, task = READERS[name](data)
    with tempfile.TemporaryDirectory() as store:
        started = time.perf_counter()
        found = compare_transfer_cases(
            images, targets, task=task, store=store, journal=None
        )
        seconds = time.perf_counter() - started
        found.to_html(report)
    print(f"\n{name}: {len(images):,} images, {seconds / 60:.1f} minutes")
    print(found.table[list(COLUMNS)].round(3).to_string(index=False))
    print(found.verdict)


if __name__ == "__main__":
    main()
