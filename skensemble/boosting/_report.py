"""What ``verbose`` prints, in scikit-learn's format."""

import time


class Report:
    """Lines on the progress of a run, ever fewer of them at ``verbose=1``."""

    def __init__(self, verbose: int, n_rounds: int, first: int, oob: bool) -> None:
        self._verbose = int(verbose)
        self._n_rounds = n_rounds
        self._first = first
        self._oob = oob
        self._every = 1
        self._started = time.perf_counter()
        if self._verbose:
            middle = ["OOB Improve"] if oob else []
            names = ["Train Loss", *middle, "Remaining Time"]
            print(f"{'Iter':>10} " + " ".join(f"{name:>16}" for name in names))  # noqa: T201

    def tell(self, iteration: int, row: dict[str, float]) -> None:
        """Print a line, if its turn has come."""
        done = iteration - self._first + 1
        if not self._verbose or done % self._every:
            return
        per_round = (time.perf_counter() - self._started) / done
        left = (self._n_rounds - iteration - 1) * per_round
        numbers = [f"{row['train_loss']:>16.4f}"]
        if self._oob:
            numbers.append(f"{row['oob_improvement']:>16.4f}")
        clock = f"{left / 60:.2f}m" if left > 60 else f"{left:.2f}s"
        print(f"{iteration + 1:>10} " + " ".join([*numbers, f"{clock:>16}"]))  # noqa: T201
        if self._verbose == 1 and done >= 10 * self._every:
            self._every *= 10
