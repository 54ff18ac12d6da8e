"""Optimizers with a step size of its own for each parameter.

Letters: w parameters, g gradient of the loss, r learning rate, t the number of the step,
from one; squares and roots are taken entry by entry. The step size, what g or its mean is
multiplied by, is also the one of a proximal operator, entry by entry (Duchi, Hazan and
Singer 2011 for AdaGrad; Yun, Lozano and Yang, "Adaptive proximal gradient methods for
structured neural networks", NeurIPS 2021, for Adam and its kin).
"""

import math

import numpy as np

from skensemble.optim._optimizers import Optimizer, check_decay
from skensemble.optim._rates import check_number


class AdaGrad(Optimizer):
    """Steps shrink with the squares seen: v <- v + g², w <- w - r g / (sqrt v + eps).

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", Journal of Machine Learning Research 12, 2011. Columns that
    are seldom anything but zero keep long steps, so it suits sparse data; the rate needs
    no schedule, for it falls by itself. The paper leaves the rate open; 0.01 is usual, and
    often too low: the first step is as long as the rate.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.
    eps : float, default=1e-10
        Keeps the division finite.

    See Also
    --------
    RMSProp : Forgets old squares, so steps do not vanish.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import AdaGrad
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(AdaGrad(0.5), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(self, learning_rate=0.01, eps=1e-10):
        self.learning_rate = learning_rate
        self.eps = eps

    def check(self):
        """Refuse parameters out of range."""
        _check_eps(self.eps)

    def begin(self, params, decayed=None):
        """Begin a run: squares are zero."""
        self.check()
        return _zeros(params, "squares") | _room(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        eps = float(self.eps)
        for p, g, v, size, room in zip(
            params,
            gradients,
            state["squares"],
            state["sizes"],
            state["room"],
            strict=True,
        ):
            np.multiply(g, g, out=room)
            np.add(v, room, out=v)
            _descend(p, g, v, size, room, rate, eps)
        return params, state["sizes"]


class RMSProp(Optimizer):
    """Steps by a moving mean of squares, v <- rho v + (1 - rho) g².

    w <- w - r g / (sqrt v + eps).

    Tieleman and Hinton, "RMSprop: divide the gradient by a running average of its recent
    magnitude", lecture 6.5 of Neural Networks for Machine Learning, Coursera, 2012.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    rho : float, default=0.9
        Share of the past that is kept at each step.
    eps : float, default=1e-8
        Keeps the division finite.

    See Also
    --------
    Adam : With a mean of gradients, and without the bias of the first steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import RMSProp
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(RMSProp(0.02), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(self, learning_rate=0.001, rho=0.9, eps=1e-8):
        self.learning_rate = learning_rate
        self.rho = rho
        self.eps = eps

    def check(self):
        """Refuse parameters out of range."""
        check_decay("rho", self.rho)
        _check_eps(self.eps)

    def begin(self, params, decayed=None):
        """Begin a run: the mean of squares is zero."""
        self.check()
        return _zeros(params, "squares") | _room(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        rho, eps = float(self.rho), float(self.eps)
        for p, g, v, size, room in zip(
            params,
            gradients,
            state["squares"],
            state["sizes"],
            state["room"],
            strict=True,
        ):
            _fade_squares(v, g, rho, room)
            _descend(p, g, v, size, room, rate, eps)
        return params, state["sizes"]


class Adam(Optimizer):
    """Moving means of gradients and squares, without the bias of their start.

    m <- beta_1 m + (1 - beta_1) g, v <- beta_2 v + (1 - beta_2) g²,
    w <- w - r m̂ / (sqrt v̂ + eps) with m̂ = m / (1 - beta_1^t), v̂ = v / (1 - beta_2^t).

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1,
    whose defaults these are. The first steps are about as long as the rate, whatever the
    size of the gradients.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    beta_1 : float, default=0.9
        Share of the mean gradient that is kept at each step.
    beta_2 : float, default=0.999
        Share of the mean square that is kept at each step.
    eps : float, default=1e-8
        Keeps the division finite.

    See Also
    --------
    AdamW : With a decay of weights beside the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import Adam
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(Adam(0.05), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, eps=1e-8):
        self.learning_rate = learning_rate
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.eps = eps

    def check(self):
        """Refuse parameters out of range."""
        check_decay("beta_1", self.beta_1)
        check_decay("beta_2", self.beta_2)
        _check_eps(self.eps)

    def begin(self, params, decayed=None):
        """Begin a run: both means are zero."""
        self.check()
        return {"t": 0} | _zeros(params, "means", "squares") | _room(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        state["t"] += 1
        keep, forget = float(self.beta_1), 1 - float(self.beta_1)
        # Both corrections of bias as factors of numbers, which saves passes over arrays:
        # r / (sqrt(v / c) + eps) = r sqrt(c) / (sqrt(v) + eps sqrt(c)).
        unbiased = 1 / (1 - keep ** state["t"])
        root = math.sqrt(1 - float(self.beta_2) ** state["t"])
        scaled, eps = rate * root, float(self.eps) * root
        for p, g, m, v, size, room in zip(
            params,
            gradients,
            state["means"],
            state["squares"],
            state["sizes"],
            state["room"],
            strict=True,
        ):
            np.multiply(m, keep, out=m)
            np.multiply(g, forget, out=room)
            np.add(m, room, out=m)
            _fade_squares(v, g, float(self.beta_2), room)
            _sizes(v, scaled, eps, out=size)
            np.multiply(m, size, out=room)
            np.multiply(room, unbiased, out=room)
            np.subtract(p, room, out=p)
        return params, state["sizes"]


class AdamW(Adam):
    """Adam, and weights that decay beside the gradient: w <- (1 - r weight_decay) w first.

    Then w <- w - r m̂ / (sqrt v̂ + eps), as `Adam`. Loshchilov and Hutter, "Decoupled
    weight decay regularization", ICLR 2019, algorithm 2, with the decay as a multiple of
    the rate, as is usual since. An L2 penalty in the loss is not the same: there, weights
    with large gradients are hardly decayed.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    beta_1 : float, default=0.9
        Share of the mean gradient that is kept at each step.
    beta_2 : float, default=0.999
        Share of the mean square that is kept at each step.
    eps : float, default=1e-8
        Keeps the division finite.
    weight_decay : float, default=0.01
        How fast weights decay, as a multiple of the rate.

    See Also
    --------
    Adam : Without decay.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import AdamW
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> solver = FirstOrder(AdamW(0.05, weight_decay=0.001), epochs=300)
    >>> model = LinearRegressor(solver=solver, random_state=0).fit(X, 2 * X[:, 0])
    >>> model.coef_.round(1)
    array([2.])
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        eps=1e-8,
        weight_decay=0.01,
    ):
        super().__init__(learning_rate, beta_1, beta_2, eps)
        self.weight_decay = weight_decay

    def check(self):
        """Refuse parameters out of range."""
        super().check()
        check_number("weight_decay", self.weight_decay)

    def begin(self, params, decayed=None):
        """Begin a run: both means are zero."""
        which = [True] * len(params) if decayed is None else decayed
        decays = [
            np.array(np.broadcast_to(one, p.shape), dtype=p.dtype)
            for one, p in zip(which, params, strict=True)
        ]
        return super().begin(params) | {"decayed": decays}

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        share = -rate * float(self.weight_decay)
        for p, decayed, room in zip(
            params, state["decayed"], state["room"], strict=True
        ):
            np.multiply(decayed, share, out=room)
            np.multiply(room, p, out=room)
            np.add(p, room, out=p)
        return super().step(params, gradients, rate, state)


def _zeros(params, *names):
    return {name: [np.zeros_like(p) for p in params] for name in names}


def _room(params):
    """Arrays to work in: allocating them anew would cost more than the sums."""
    return {name: [np.empty_like(p) for p in params] for name in ("sizes", "room")}


def _fade_squares(v, g, keep, room):
    """v <- keep v + (1 - keep) g²."""
    np.multiply(v, keep, out=v)
    np.multiply(g, g, out=room)
    np.multiply(room, 1 - keep, out=room)
    np.add(v, room, out=v)


def _sizes(v, rate, eps, out):
    """Step sizes rate / (sqrt v + eps)."""
    np.sqrt(v, out=out)
    np.add(out, eps, out=out)
    np.divide(rate, out, out=out)


def _descend(p, g, v, size, room, rate, eps):
    """p <- p - g rate / (sqrt v + eps)."""
    _sizes(v, rate, eps, out=size)
    np.multiply(g, size, out=room)
    np.subtract(p, room, out=p)


def _check_eps(eps):
    check_number("eps", eps)
    if eps == 0:
        raise ValueError("eps=0 would divide by zero; use a small number such as 1e-8.")
