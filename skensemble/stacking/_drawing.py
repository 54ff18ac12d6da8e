"""How an ensemble is drawn in a notebook."""

from typing import Any


def visual_block(members: Any, layers: Any, final: Any) -> Any:
    """Draw members side by side, further layers and the meta model behind them.

    Parameters
    ----------
    members : list of (str, estimator)
        The first layer.
    layers : list of lists of (str, estimator)
        Those above.
    final : estimator or None
        The meta model.

    Returns
    -------
    block : _VisualBlock
        For scikit-learn's HTML representation.
    """
    # There is no public way to draw members side by side in the HTML repr
    # (tests/stacking/test_splits_and_failures.py tells when this one goes).
    from sklearn.utils._repr_html.estimator import _VisualBlock

    rows = [members, *layers]
    if final is not None:
        rows.append([("final_estimator", final)])
    return _VisualBlock(
        "serial",
        [
            _VisualBlock(
                "parallel",
                [member for _, member in row],
                names=[name for name, _ in row],
                dash_wrapped=False,
            )
            for row in rows
        ],
        dash_wrapped=False,
    )
