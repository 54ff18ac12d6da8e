"""scikit-learn's own checks on bags; none is expected to fail.

Weights are equivalent to repeated rows in samples of the same size, so `max_samples`
is an int.
"""

from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble import BaggingClassifier, BaggingRegressor


@parametrize_with_checks(
    [
        BaggingClassifier(max_samples=30, random_state=0),
        BaggingRegressor(max_samples=30, random_state=0),
        BaggingClassifier(
            LogisticRegression(), n_estimators=3, max_samples=30, random_state=0
        ),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
