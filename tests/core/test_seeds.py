"""Seeds come from names: every member and split has its own, and keeps it."""

from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from skensemble.core._seeds import named_seed, root_seed, seed_estimator


def seed_of(*names, estimator=RandomForestRegressor):
    return seed_estimator(estimator(), 7, *names).random_state


def test_members_and_splits_have_their_own():
    seeds = [seed_of("a", 0), seed_of("a", 1), seed_of("b", 0)]
    assert len(set(seeds)) == 3
    assert seeds[0] == seed_of("a", 0)
    assert named_seed(7, "a") != named_seed(8, "a")


def test_set_values_stay():
    assert seed_estimator(Ridge(random_state=3), 7, "a").random_state == 3
    assert seed_estimator(Ridge(), None, "a").random_state is None
    assert root_seed(None) is None
    assert root_seed(5) == 5
