"""Optimizers that step along the gradient: plain, and with momentum.

Letters: w parameters, g gradient of the loss, r learning rate, t the number of the step.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder
from skensemble.optim._rates import check_number

Array = NDArray[Any]
State = dict[str, Any]


class Optimizer(ParameterHolder):
    """Moves arrays of parameters by gradients of a loss.

    A subclass defines `step`, and `begin` where it remembers anything. All that it
    remembers of a run is in the state, a dict of arrays and numbers that pickles, so one
    optimizer serves any number of runs.

    Attributes
    ----------
    full_batch : bool
        Whether it wants the gradient on all rows.

    Examples
    --------
    One step by hand; `minimize` does the rest:

    >>> import numpy as np
    >>> from skensemble.optim import SGD
    >>> w = [np.array([3.0, -1.0])]
    >>> optimizer = SGD()
    >>> state = optimizer.begin(w)
    >>> w, steps = optimizer.step(w, [2 * w[0]], rate=0.25, state=state)
    >>> w, steps
    ([array([ 1.5, -0.5])], [0.25])
    """

    full_batch: ClassVar[bool] = False
    learning_rate: Any

    def check(self) -> None:
        """Refuse parameters out of range."""

    def begin(self, params: list[Array], decayed: Sequence[Any] | None = None) -> State:
        """Begin a run.

        Parameters
        ----------
        params : list of ndarray
            Where it begins; not changed.
        decayed : list of bool or ndarray, optional
            Which parameters a decay of weights (`AdamW`) applies to, for each array; all
            of them by default. An intercept should be left out.

        Returns
        -------
        state : dict
            What `step` remembers: arrays, and numbers.
        """
        self.check()
        return {}

    def ahead(self, params: list[Array], state: State) -> list[Array]:
        """Where the gradient of the next step is to be taken: at the parameters.

        Parameters
        ----------
        params : list of ndarray
            The parameters.
        state : dict
            Of the run.

        Returns
        -------
        point : list of ndarray
            The parameters, but for optimizers that look ahead (`Nesterov`). The arrays
            may be written over by the next call.
        """
        return params

    def step(
        self, params: list[Array], gradients: list[Array], rate: float, state: State
    ) -> tuple[list[Array], list[Any]]:
        """Make one step, in place.

        Parameters
        ----------
        params : list of ndarray
            The parameters; written over.
        gradients : list of ndarray
            Gradient of the loss by each array, taken at ``ahead(params, state)``.
        rate : float
            Learning rate of the step.
        state : dict
            Of the run; written over.

        Returns
        -------
        params : list of ndarray
            The same arrays, moved.
        steps : list of float or ndarray
            Effective step size of each parameter: what a proximal operator must use for
            the result to be a proximal step. Arrays may be written over by the next step.
        """
        raise TypeError(f"{type(self).__name__} does not define step.")


class SGD(Optimizer):
    """Stochastic gradient descent: w <- w - r g, on mini-batches.

    Robbins and Monro, "A stochastic approximation method", Annals of Mathematical
    Statistics 22, 1951. The rate of 0.01 is the usual default; with a constant rate it
    hovers around the minimum at a distance that the rate sets, so let the rate fall.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.

    See Also
    --------
    Momentum : Faster along narrow valleys.
    Adam : Cares less for the scale of each parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import SGD
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(SGD(0.05), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def begin(self, params, decayed=None):
        """Begin a run: all that is kept is room to work in."""
        self.check()
        return {"room": [np.empty_like(p) for p in params]}

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        for p, g, room in zip(params, gradients, state["room"], strict=True):
            np.multiply(g, rate, out=room)
            np.subtract(p, room, out=p)
        return params, [rate] * len(params)


class GradientDescent(SGD):
    """Gradient descent: w <- w - r g, with g the gradient on all rows.

    Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées",
    1847. On a function whose curvature lies between m and L the best constant rate is
    2 / (L + m), and the error falls by (k - 1) / (k + 1) a step, k = L / m (Polyak,
    "Introduction to optimization", 1987, section 1.4). Above 2 / L it diverges.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.1
        The rate r. For standardised columns and a loss of curvature one a rate of
        1 / (number of columns) is always safe.

    See Also
    --------
    SGD : The same on mini-batches.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import GradientDescent
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(GradientDescent(0.5), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    full_batch: ClassVar[bool] = True

    def __init__(self, learning_rate=0.1):
        self.learning_rate = learning_rate


class Momentum(Optimizer):
    """Heavy ball: w <- w - r g + momentum (w - w_before).

    Polyak, "Some methods of speeding up the convergence of iteration methods", USSR
    Computational Mathematics and Mathematical Physics 4, 1964. At curvatures between m
    and L the best constants are r = 4 / (sqrt L + sqrt m)² and momentum =
    ((sqrt k - 1) / (sqrt k + 1))², and the error falls by (sqrt k - 1) / (sqrt k + 1) a
    step, k = L / m. 0.9 is the value of Sutskever et al. ("On the importance of
    initialization and momentum in deep learning", ICML 2013) and everyone since.

    The velocity is read off the last two iterates, so what a proximal operator does to
    them enters it (Ochs et al., "iPiano: inertial proximal algorithm for nonconvex
    optimization", SIAM Journal on Imaging Sciences 7, 2014).

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r. In the long run a step is 1 / (1 - momentum) times as long.
    momentum : float, default=0.9
        Share of the last movement that is kept, from 0 to below 1.

    See Also
    --------
    Nesterov : The same with a look ahead.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import Momentum
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(Momentum(0.05), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate = learning_rate
        self.momentum = momentum

    def check(self):
        """Refuse parameters out of range."""
        check_decay("momentum", self.momentum)

    def begin(self, params, decayed=None):
        """Begin a run: the iterate before is kept."""
        self.check()
        return {
            "before": [p.copy() for p in params],
            "room": [np.empty_like(p) for p in params],
        }

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        momentum = float(self.momentum)
        for p, g, before, room in zip(
            params, gradients, state["before"], state["room"], strict=True
        ):
            np.subtract(p, before, out=room)
            np.multiply(room, momentum, out=room)
            np.copyto(before, p)
            np.add(p, room, out=p)
            np.multiply(g, rate, out=room)
            np.subtract(p, room, out=p)
        return params, [rate] * len(params)


class Nesterov(Momentum):
    """Nesterov's accelerated gradient: the gradient is taken where momentum leads to.

    u = w + momentum (w - w_before), w <- u - r g(u).

    Nesterov, "A method of solving a convex programming problem with convergence rate
    O(1/k²)", Soviet Mathematics Doklady 27, 1983. At curvatures between m and L with
    r = 1 / L and momentum = (sqrt k - 1) / (sqrt k + 1) the excess of the loss falls by
    1 - 1 / sqrt k a step, k = L / m (Nesterov, "Introductory lectures on convex
    optimization", 2004, theorem 2.2.3). Sutskever et al. (ICML 2013) brought it to
    stochastic gradients. With a proximal operator it is FISTA with constant momentum.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.
    momentum : float, default=0.9
        Share of the last movement that is kept, from 0 to below 1.

    See Also
    --------
    Momentum : Without the look ahead.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import Nesterov
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(Nesterov(0.05), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def begin(self, params, decayed=None):
        """Begin a run: the iterate before is kept."""
        return super().begin(params) | {"ahead": [p.copy() for p in params]}

    def ahead(self, params, state):
        """Where the next gradient is to be taken: w + momentum (w - w_before)."""
        momentum = float(self.momentum)
        for p, before, u in zip(params, state["before"], state["ahead"], strict=True):
            np.subtract(p, before, out=u)
            np.multiply(u, momentum, out=u)
            np.add(u, p, out=u)
        return state["ahead"]

    def step(self, params, gradients, rate, state):
        """Make one step, in place; `ahead` was asked before."""
        for p, g, before, u, room in zip(
            params,
            gradients,
            state["before"],
            state["ahead"],
            state["room"],
            strict=True,
        ):
            np.copyto(before, p)
            np.multiply(g, rate, out=room)
            np.subtract(u, room, out=p)
        return params, [rate] * len(params)


def check_decay(name: str, value: Any) -> None:
    """Refuse what is no share of the past that is kept."""
    check_number(name, value)
    if value >= 1:
        raise ValueError(f"{name}={value!r} must be below 1, or nothing is forgotten.")
