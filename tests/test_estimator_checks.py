"""scikit-learn's own checks, over every public estimator, with no excuse."""

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble import StackingClassifier, StackingRegressor

REGRESSORS = [
    ("pipe", make_pipeline(StandardScaler(), Ridge())),
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
]
CLASSIFIERS = [
    ("pipe", make_pipeline(StandardScaler(), LogisticRegression())),
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
]


@parametrize_with_checks(
    [
        StackingRegressor([("a", Ridge()), ("b", Ridge(alpha=2))]),
        StackingRegressor(REGRESSORS, refit=False, random_state=0),
        StackingClassifier([("a", LogisticRegression()), ("b", LogisticRegression())]),
        StackingClassifier(CLASSIFIERS, refit=False, random_state=0),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
