#!/usr/bin/env bash
# Every check there is, with the Python given: bash tools/check.sh path/to/python
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "$1")
bin=$(dirname "$python")
export PATH="$bin:$PATH"
# Two test processes share the cores, so each keeps to one inner thread.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg
step() { echo "== $*"; "$@"; }

step ruff check .
step ruff format --check .
step lint-imports
# The documentation is built beside the next steps, which need one core only.
step make --no-print-directory docs-check PYTHON="$python" &
docs=$!
step mypy
step python -m numpydoc lint $(git ls-files 'skensemble/*.py')
asv_home=$(mktemp -d)
(cd asv_bench && HOME="$asv_home" asv machine --yes >/dev/null && HOME="$asv_home" step asv check --python=same)
rm -rf "$asv_home"
wait "$docs"
step python -m pytest -n 2 --durations=15
step bash tools/kernels.sh "$python"
