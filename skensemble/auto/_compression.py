"""The smallest selection of members that is nearly as good as all of them."""

from dataclasses import replace

from skensemble.auto._layer_fits import out_of_fold_data
from skensemble.auto._layer_weighting import LayerWeighting
from skensemble.auto._trainer import Trainer, join_layers
from skensemble.fitting import error_of


def fewer_members(
    trainer: Trainer, tolerance: float, max_members: int | None
) -> LayerWeighting:
    """Select as few members of the lower layer as are nearly as good as all members.

    Parameters
    ----------
    trainer : Trainer
        Fits of all members.
    tolerance : float
        Share by which the out-of-fold error may rise.
    max_members : int or None
        Maximum number of members.

    Returns
    -------
    weighting : LayerWeighting
        Fits the weights of the selected members. If no selection is within the
        tolerance, these are the `max_members` members with the largest weights.
    """
    plan, settings = trainer.plan, trainer.plan.settings
    lower, upper = trainer.members()
    oof_data = out_of_fold_data(join_layers(lower, upper), settings)

    def score(weighting: LayerWeighting) -> float:
        predictions = weighting(oof_data).combine(oof_data.blocks)
        return float(
            settings.scoring.score_or_nan(
                predictions, oof_data.y, oof_data.weight, method=settings.method
            )
        )

    best = score(plan.weighting)
    weights = plan.weighting.lower_weights(oof_data.only(lower.names))
    order = [n for n in sorted(weights, key=lambda n: -weights[n]) if weights[n] > 0]
    size = len(order) if max_members is None else min(max_members, len(order))
    required = best - tolerance * error_of(best)
    selections = [
        replace(plan.weighting, among=tuple(order[:k])) for k in range(1, size + 1)
    ]
    good = (one for one in selections if score(one) >= required)
    return next(good, selections[-1])
