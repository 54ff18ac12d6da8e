"""Reports of a running fit: callbacks, the monitor and the lines of ``verbose``."""

import time
from typing import Any

from skensemble.boosting._boosting_loop import LoopSettings, RoundHistory
from skensemble.boosting._training_data import FitArguments
from skensemble.boosting.engines._base import Grower


class FitRecorder:
    """Keeps the fitted attributes up to date and reports each round.

    Parameters
    ----------
    estimator : estimator
        The estimator that is fitted.
    arguments : FitArguments
        The arguments of ``fit``.
    grower : Grower
        Grows the trees.
    settings : LoopSettings
        First and last round.
    """

    def __init__(
        self,
        estimator: Any,
        arguments: FitArguments,
        grower: Grower,
        settings: LoopSettings,
    ) -> None:
        self._estimator, self._monitor = estimator, arguments.monitor
        self._data = {"estimator": estimator, "X": arguments.X, "y": arguments.y}
        self._grower = grower
        self._earlier_model = estimator._model
        self._earlier_history = list(estimator._history)
        self._lines = ProgressLines(
            estimator.verbose, settings.last, settings.first, settings.subsample < 1
        )
        self._context = estimator._init_callback_context(
            max_subtasks=settings.last - settings.first
        )

    def begin(self) -> None:
        """Report that the fit begins."""
        self._context.call_on_fit_task_begin(**self._data)

    def after_round(self, iteration: int, rounds: RoundHistory) -> bool:
        """Report a round; True ends the fit."""
        if self._estimator.verbose:
            self._lines.print(iteration, rounds.rows()[-1])
        task = self._context.subcontext(task_name="round")
        stop = task.call_on_fit_task_begin(**self._data).call_on_fit_task_end(
            **self._data, reconstruction_attributes=lambda: self.fitted(rounds.rows())
        )
        if self._monitor is None:
            return bool(stop)
        history = rounds.rows()
        self._estimator._history = [*self._earlier_history, *history]
        return bool(
            self._monitor(iteration, self._estimator, {"history": history}) or stop
        )

    def end(self) -> None:
        """Report that the fit has ended."""
        self._context.call_on_fit_task_end(**self._data)

    def fitted(self, history: list[dict[str, float]]) -> dict[str, Any]:
        """Fitted attributes of an estimator that ends with these rounds."""
        model = self._earlier_model
        if history:
            model = model.with_forest(self._grower.forest(len(history)))
        return {
            "_model": model,
            "_history": [*self._earlier_history, *history],
            "n_estimators_": len(self._earlier_history) + len(history),
        }


class ProgressLines:
    """Prints the lines of ``verbose`` in scikit-learn's format, fewer lines at 1."""

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
            header = " ".join(f"{name:>16}" for name in names)
            print(f"{'Iter':>10} {header}")  # noqa: T201

    def print(self, iteration: int, row: dict[str, float]) -> None:
        """Print the line of a round, unless it is left out."""
        done = iteration - self._first + 1
        if not self._verbose or done % self._every:
            return
        per_round = (time.perf_counter() - self._started) / done
        left = (self._n_rounds - iteration - 1) * per_round
        numbers = [f"{row['train_loss']:>16.4f}"]
        if self._oob:
            numbers.append(f"{row['oob_improvement']:>16.4f}")
        clock = f"{left / 60:.2f}m" if left > 60 else f"{left:.2f}s"
        line = " ".join([*numbers, f"{clock:>16}"])
        print(f"{iteration + 1:>10} {line}")  # noqa: T201
        if self._verbose == 1 and done >= 10 * self._every:
            self._every *= 10
