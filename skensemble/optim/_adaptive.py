"""Optimizers with a separate step size for each parameter.

Letters: w parameters, g gradient of the loss, r learning rate, t the number of the
step, starting at one; squares and roots are taken entry by entry. The step size is the
factor of g or of its mean. A proximal operator uses the same step size, entry by entry
(Duchi, Hazan and Singer 2011 for AdaGrad; Yun, Lozano and Yang, "Adaptive proximal
gradient methods for structured neural networks", NeurIPS 2021, for Adam and its
variants).
"""

import math

import numpy as np

from skensemble.optim._optimizers import Optimizer, check_decay
from skensemble.optim._rates import check_finite


class AdaGrad(Optimizer):
    """AdaGrad: v <- v + g², w <- w - r g / (sqrt v + eps).

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", Journal of Machine Learning Research 12, 2011. Steps
    shrink with the sum of squared gradients. Columns that are mostly zero keep long
    steps, so AdaGrad suits sparse data. The effective rate falls without a schedule.
    The paper gives no value for the rate; 0.01 is usual, and often too low: the first
    step is as long as the rate.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.01
        The rate r.
    eps : float, default=1e-10
        Keeps the division finite.

    See Also
    --------
    RMSProp : Uses a moving average of squares, so that steps do not vanish.

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
        """Begin a run: sums of squares are zero."""
        self.check()
        return _zeros(params, "squares") | _buffers(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        eps = float(self.eps)
        for p, g, v, size, buffer in zip(
            params,
            gradients,
            state["squares"],
            state["sizes"],
            state["buffers"],
            strict=True,
        ):
            np.multiply(g, g, out=buffer)
            np.add(v, buffer, out=v)
            _descend(p, g, v, size, buffer, rate, eps)
        return params, state["sizes"]


class RMSProp(Optimizer):
    """RMSProp: v <- rho v + (1 - rho) g², w <- w - r g / (sqrt v + eps).

    Tieleman and Hinton, "RMSprop: divide the gradient by a running average of its
    recent magnitude", lecture 6.5 of Neural Networks for Machine Learning, Coursera,
    2012.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    rho : float, default=0.9
        Decay rate of the moving average of squares.
    eps : float, default=1e-8
        Keeps the division finite.

    See Also
    --------
    Adam : Also averages gradients, and corrects the bias of the first steps.

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
        """Begin a run: the moving average of squares is zero."""
        self.check()
        return _zeros(params, "squares") | _buffers(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        rho, eps = float(self.rho), float(self.eps)
        for p, g, v, size, buffer in zip(
            params,
            gradients,
            state["squares"],
            state["sizes"],
            state["buffers"],
            strict=True,
        ):
            _update_squares(v, g, rho, buffer)
            _descend(p, g, v, size, buffer, rate, eps)
        return params, state["sizes"]


class Adam(Optimizer):
    """Adam: moving averages of gradients and of squares, with bias correction.

    m <- beta_1 m + (1 - beta_1) g, v <- beta_2 v + (1 - beta_2) g², w <- w - r m̂ /
    (sqrt v̂ + eps) with m̂ = m / (1 - beta_1^t), v̂ = v / (1 - beta_2^t).

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1,
    with the same defaults. The first steps are about as long as the rate, for gradients
    of any size.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    beta_1 : float, default=0.9
        Decay rate of the moving average of gradients.
    beta_2 : float, default=0.999
        Decay rate of the moving average of squares.
    eps : float, default=1e-8
        Keeps the division finite.

    See Also
    --------
    AdamW : Adam with decoupled weight decay.

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
        """Begin a run: both moving averages are zero."""
        self.check()
        return {"t": 0} | _zeros(params, "means", "squares") | _buffers(params)

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        state["t"] += 1
        keep, forget = float(self.beta_1), 1 - float(self.beta_1)
        # Bias corrections as scalar factors, which saves passes over arrays:
        # r / (sqrt(v / c) + eps) = r sqrt(c) / (sqrt(v) + eps sqrt(c)).
        unbiased = 1 / (1 - keep ** state["t"])
        root = math.sqrt(1 - float(self.beta_2) ** state["t"])
        scaled, eps = rate * root, float(self.eps) * root
        for p, g, m, v, size, buffer in zip(
            params,
            gradients,
            state["means"],
            state["squares"],
            state["sizes"],
            state["buffers"],
            strict=True,
        ):
            np.multiply(m, keep, out=m)
            np.multiply(g, forget, out=buffer)
            np.add(m, buffer, out=m)
            _update_squares(v, g, float(self.beta_2), buffer)
            _step_sizes(v, scaled, eps, out=size)
            np.multiply(m, size, out=buffer)
            np.multiply(buffer, unbiased, out=buffer)
            np.subtract(p, buffer, out=p)
        return params, state["sizes"]


class AdamW(Adam):
    """Adam with decoupled weight decay: w <- (1 - r weight_decay) w first.

    Then w <- w - r m̂ / (sqrt v̂ + eps), as `Adam`. Loshchilov and Hutter, "Decoupled
    weight decay regularization", ICLR 2019, algorithm 2, with the decay as a multiple
    of the rate, as in most libraries. An L2 penalty in the loss is not equivalent: it
    hardly decays weights with large gradients.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    learning_rate : float or Schedule, default=0.001
        The rate r.
    beta_1 : float, default=0.9
        Decay rate of the moving average of gradients.
    beta_2 : float, default=0.999
        Decay rate of the moving average of squares.
    eps : float, default=1e-8
        Keeps the division finite.
    weight_decay : float, default=0.01
        Decay of the weights per step, as a multiple of the rate.

    See Also
    --------
    Adam : Adam without weight decay.

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
        check_finite("weight_decay", self.weight_decay)

    def begin(self, params, decayed=None):
        """Begin a run: both moving averages are zero."""
        which = [True] * len(params) if decayed is None else decayed
        decays = [
            np.array(np.broadcast_to(one, p.shape), dtype=p.dtype)
            for one, p in zip(which, params, strict=True)
        ]
        return super().begin(params) | {"decayed": decays}

    def step(self, params, gradients, rate, state):
        """Make one step, in place."""
        share = -rate * float(self.weight_decay)
        for p, decayed, buffer in zip(
            params, state["decayed"], state["buffers"], strict=True
        ):
            np.multiply(decayed, share, out=buffer)
            np.multiply(buffer, p, out=buffer)
            np.add(p, buffer, out=p)
        return super().step(params, gradients, rate, state)


def _zeros(params, *names):
    return {name: [np.zeros_like(p) for p in params] for name in names}


def _buffers(params):
    """Work arrays, allocated once: allocation costs more than arithmetic."""
    return {name: [np.empty_like(p) for p in params] for name in ("sizes", "buffers")}


def _update_squares(v, g, keep, buffer):
    """v <- keep v + (1 - keep) g²."""
    np.multiply(v, keep, out=v)
    np.multiply(g, g, out=buffer)
    np.multiply(buffer, 1 - keep, out=buffer)
    np.add(v, buffer, out=v)


def _step_sizes(v, rate, eps, out):
    """Step sizes rate / (sqrt v + eps)."""
    np.sqrt(v, out=out)
    np.add(out, eps, out=out)
    np.divide(rate, out, out=out)


def _descend(p, g, v, size, buffer, rate, eps):
    """p <- p - g rate / (sqrt v + eps)."""
    _step_sizes(v, rate, eps, out=size)
    np.multiply(g, size, out=buffer)
    np.subtract(p, buffer, out=p)


def _check_eps(eps):
    check_finite("eps", eps)
    if eps == 0:
        raise ValueError("eps=0 would divide by zero; use a small number such as 1e-8.")
