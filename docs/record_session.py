"""Run the commands that docs/command_line.md shows, and write what they print into it.

Run as ``python docs/record_session.py`` or ``make session``. The tables are those of
``skensemble.datasets.load_ames`` in a temporary folder, which the commands run in; what
stands between the two marks in that page is replaced.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sklearn.model_selection import train_test_split

from skensemble.datasets import load_ames

PAGE = Path(__file__).parent / "command_line.md"
BLOCK = re.compile(r"(<!-- session -->\n).*?(<!-- end of session -->\n)", re.DOTALL)
FIT = "skensemble fit train.csv --target Sale_Price --test test.csv --time-limit 20"
COMMANDS = (
    f"{FIT} --out model/ | tail -n 2",
    "skensemble predict model/ test.csv --out prices.csv && head -n 3 prices.csv",
    "skensemble leaderboard model/ | cut -c-88 | head -n 6",
    "skensemble trials model/ | tr -s ' ' | cut -c-70 | head -n 7",
    "skensemble columns model/ | head -n 5",
)


def write_tables(folder):
    """Write houses with their prices, and others without."""
    X, y = load_ames(return_X_y=True)
    table = X.assign(Sale_Price=y)
    table.insert(0, "Id", range(1, len(X) + 1))
    train, test = train_test_split(table, test_size=0.3, random_state=0)
    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns="Sale_Price").to_csv(folder / "test.csv", index=False)


def session(folder):
    """Return the commands with a prompt, each before its output."""
    # The command that was installed beside this Python comes first.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    lines = []
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        printed = [line.rstrip() for line in done.stdout.splitlines()]
        lines += [f"$ {command}", *printed]
    return "\n".join(lines)


def main():
    """Record the session anew."""
    with tempfile.TemporaryDirectory() as name:
        write_tables(Path(name))
        recorded = session(Path(name))
    text = PAGE.read_text(encoding="utf8")
    block = f"```console\n{recorded}\n```\n"
    new, found = BLOCK.subn(lambda marks: f"{marks[1]}{block}{marks[2]}", text)
    if found != 1:
        sys.exit(f"{PAGE.name} lacks the two marks of the session.")
    PAGE.write_text(new, encoding="utf8")


if __name__ == "__main__":
    main()
