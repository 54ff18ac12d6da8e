"""Gradient descent, stochastic gradient descent, and momentum methods.

Letters: w parameters, g gradient of the loss, r learning rate, t the number of the
step.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder
from skensemble.optim._rates import check_finite

Array = NDArray[Any]
State = dict[str, Any]


class Optimizer(ParameterHolder):
    """Base class of optimizers, which update parameters with gradients of a loss.

    A subclass defines `step`, and `begin` if it needs a state. The state of a run is a
    dict of arrays and numbers that can be pickled. The optimizer itself does not
    change, so one optimizer can be used in several runs.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Attributes
    ----------
    full_batch : bool
        Whether the optimizer needs the gradient on all rows.

    Examples
    --------
    One step; `minimize` makes a run of them:

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
            Initial parameters; not changed.
        decayed : list of bool or ndarray, optional
            For each array, the parameters that weight decay (`AdamW`) applies to; all
            of them by default. An intercept should be left out.

        Returns
        -------
        state : dict
            Arrays and numbers that `step` updates.
        """
        self.check()
        return {}

    def ahead(self, params: list[Array], state: State) -> list[Array]:
        """Return the point at which the gradient of the next step is computed.

        Parameters
        ----------
        params : list of ndarray
            The parameters.
        state : dict
            State of the run.

        Returns
        -------
        point : list of ndarray
            The parameters themselves, except for optimizers that look ahead
            (`Nesterov`). The next call may overwrite the arrays.
        """
        return params

    def step(
        self, params: list[Array], gradients: list[Array], rate: float, state: State
    ) -> tuple[list[Array], list[Any]]:
        """Make one step, in place.

        Parameters
        ----------
        params : list of ndarray
            The parameters; updated in place.
        gradients : list of ndarray
            Gradient of the loss with respect to each array, at ``ahead(params,
            state)``.
        rate : float
            Learning rate of the step.
        state : dict
            State of the run; updated in place.

        Returns
        -------
        params : list of ndarray
            The same arrays, updated.
        steps : list of float or ndarray
            Effective step size of each parameter, with which a proximal operator gives
            a proximal step. The next step may overwrite the arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step.")


class SGD(Optimizer):
    """Stochastic gradient descent: w <- w - r g, on mini-batches.

    Robbins and Monro, "A stochastic approximation method", Annals of Mathematical
    Statistics 22, 1951. The rate of 0.01 is the usual default. With a constant rate the
    iterates keep a distance from the minimum that grows with the rate, so use a
    schedule that decreases the rate.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.

    See Also
    --------
    Momentum : Converges faster if curvatures differ much between directions.
    Adam : Depends less on the scale of each parameter.

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
        """Begin a run: the state holds work arrays only."""
        self.check()
        return {"buffers": [np.empty_like(p) for p in params]}

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        for p, g, buffer in zip(params, gradients, state["buffers"], strict=True):
            np.multiply(g, rate, out=buffer)
            np.subtract(p, buffer, out=p)
        return params, [rate] * len(params)


class GradientDescent(SGD):
    """Gradient descent: w <- w - r g, with g the gradient on all rows.

    Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées",
    1847. On a function whose curvature lies between m and L the best constant rate is 2
    / (L + m), and the error falls by the factor (k - 1) / (k + 1) per step, with k = L
    / m (Polyak, "Introduction to optimization", 1987, section 1.4). Above 2 / L it
    diverges.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.1
        The rate r. For standardised columns and a loss of curvature one a rate of
        1 / (number of columns) is always safe.

    See Also
    --------
    SGD : Gradient descent on mini-batches.

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
    and L the best constants are r = 4 / (sqrt L + sqrt m)² and momentum = ((sqrt k - 1)
    / (sqrt k + 1))², and the error falls by the factor (sqrt k - 1) / (sqrt k + 1) per
    step, with k = L / m. The default of 0.9 is usual since Sutskever et al. ("On the
    importance of initialization and momentum in deep learning", ICML 2013).

    The velocity is the difference of the last two iterates, so it includes the effect
    of a proximal operator (Ochs et al., "iPiano: inertial proximal algorithm for
    nonconvex optimization", SIAM Journal on Imaging Sciences 7, 2014).

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r. For a constant gradient, steps grow to 1 / (1 - momentum) times the
        length without momentum.
    momentum : float, default=0.9
        Factor of the previous step, from 0 to below 1.

    See Also
    --------
    Nesterov : Momentum with the gradient at the point that momentum leads to.

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
        """Begin a run: the state holds the previous iterate."""
        self.check()
        return {
            "before": [p.copy() for p in params],
            "buffers": [np.empty_like(p) for p in params],
        }

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        momentum = float(self.momentum)
        for p, g, before, buffer in zip(
            params, gradients, state["before"], state["buffers"], strict=True
        ):
            np.subtract(p, before, out=buffer)
            np.multiply(buffer, momentum, out=buffer)
            np.copyto(before, p)
            np.add(p, buffer, out=p)
            np.multiply(g, rate, out=buffer)
            np.subtract(p, buffer, out=p)
        return params, [rate] * len(params)


class Nesterov(Momentum):
    """Nesterov's accelerated gradient, computed at the point that momentum leads to.

    u = w + momentum (w - w_before), w <- u - r g(u).

    Nesterov, "A method of solving a convex programming problem with convergence rate
    O(1/k²)", Soviet Mathematics Doklady 27, 1983. At curvatures between m and L with r
    = 1 / L and momentum = (sqrt k - 1) / (sqrt k + 1) the excess of the loss falls by
    the factor 1 - 1 / sqrt k per step, with k = L / m (Nesterov, "Introductory lectures
    on convex optimization", 2004, theorem 2.2.3). Sutskever et al. (ICML 2013) applied
    it to stochastic gradients. With a proximal operator it is FISTA with constant
    momentum.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.
    momentum : float, default=0.9
        Factor of the previous step, from 0 to below 1.

    See Also
    --------
    Momentum : Momentum with the gradient at the parameters themselves.

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
        """Begin a run: the state holds the previous iterate."""
        return super().begin(params) | {"ahead": [p.copy() for p in params]}

    def ahead(self, params, state):
        """Return the point of the next gradient: w + momentum (w - w_before)."""
        momentum = float(self.momentum)
        for p, before, u in zip(params, state["before"], state["ahead"], strict=True):
            np.subtract(p, before, out=u)
            np.multiply(u, momentum, out=u)
            np.add(u, p, out=u)
        return state["ahead"]

    def step(self, params, gradients, rate, state):
        """Make one step, in place, after a call of `ahead`."""
        for p, g, before, u, buffer in zip(
            params,
            gradients,
            state["before"],
            state["ahead"],
            state["buffers"],
            strict=True,
        ):
            np.copyto(before, p)
            np.multiply(g, rate, out=buffer)
            np.subtract(u, buffer, out=p)
        return params, [rate] * len(params)


def check_decay(name: str, value: Any) -> None:
    """Refuse a decay rate outside of 0 (included) to 1 (excluded)."""
    check_finite(name, value)
    if value >= 1:
        raise ValueError(f"{name}={value!r} must be below 1.")
