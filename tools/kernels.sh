#!/usr/bin/env bash
# The numerical tests under several kernels of OpenBLAS: what rounding leaves differs
# by the processor, and no rule may depend on it.
#   bash tools/kernels.sh path/to/python        a part, as a check of every change
#   bash tools/kernels.sh path/to/python --all  all numerical tests: make kernels
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "$1")
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg
unset OPENBLAS_CORETYPE
if [ "${2:-}" = --all ]; then
    tests=(tests/linear_model tests/optim tests/losses tests/boosting)
else
    tests=(tests/linear_model/solvers tests/linear_model/test_quadratic.py
        tests/linear_model/test_linear_cv.py tests/optim tests/losses
        tests/boosting/test_adaboost.py)
fi

# What numpy and scipy run for a name: OpenBLAS may know several by one kernel.
kernel_of() {
    "$python" -c "
import numpy, scipy.linalg, threadpoolctl
infos = threadpoolctl.threadpool_info()
kinds = {i['architecture'] for i in infos if i['internal_api'] == 'openblas'}
print('+'.join(sorted(kinds)) or 'none')"
}

seen=" "
native=$(kernel_of)
if [ "$native" = none ]; then
    echo "== kernels: numpy and scipy run no OpenBLAS here: skipped"
    exit 0
fi
if [ "${2:-}" != --all ]; then
    echo "== kernels: $native is that of the other tests: skipped"
    seen=" $native "
fi
names=(Haswell Zen Nehalem SkylakeX)
[ "${2:-}" = --all ] && names+=(Prescott)
for name in "${names[@]}"; do
    # A kernel that the processor cannot run would end the process.
    case $name in
        Haswell | Zen) flag=avx2 ;;
        Nehalem) flag=sse4_2 ;;
        Prescott) flag=pni ;;
        SkylakeX) flag=avx512f ;;
    esac
    if ! grep -qw "$flag" /proc/cpuinfo; then
        echo "== kernels: $name is skipped: the processor has no $flag"
        continue
    fi
    kernel=$(OPENBLAS_CORETYPE=$name kernel_of)
    if [[ $seen == *" $kernel "* ]]; then
        echo "== kernels: $name is skipped: it runs $kernel, as one before"
        continue
    fi
    seen="$seen$kernel "
    echo "== kernels: $name ($kernel)"
    OPENBLAS_CORETYPE=$name "$python" -m pytest -n 2 -q "${tests[@]}"
done
