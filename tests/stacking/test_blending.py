"""Blending, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from stacking_data import (
    CLASSIFIERS,
    CLOSE,
    NEW2,
    REGRESSORS,
    X2,
    X3,
    XR,
    Y2,
    Y3,
    YR,
    N,
)

from skensemble import (
    BlendingClassifier,
    BlendingRegressor,
)


def test_random_holdout_keeps_the_shares_of_classes():
    blend = BlendingClassifier(CLASSIFIERS, validation_fraction=0.25, random_state=0)
    held = blend.fit(X3, Y3).oof_.covered
    assert held.sum() == 40
    for label in np.unique(Y3):
        assert abs((Y3[held] == label).sum() - list(Y3).count(label) / 4) <= 1
    again = clone(blend).fit(X3, Y3).oof_.covered
    other = clone(blend).set_params(random_state=1).fit(X3, Y3).oof_.covered
    assert_array_equal(held, again)
    assert (held != other).any()


@pytest.mark.parametrize("given", ["places", "mask", "unordered"])
def test_rows_held_out_may_be_given(given):
    mask = np.random.default_rng(0).random(N) < 0.3
    places = np.flatnonzero(mask)
    rows = {"places": places, "mask": mask, "unordered": places[::-1]}[given]
    blend = BlendingRegressor(REGRESSORS, validation=rows).fit(XR, YR)
    assert_array_equal(blend.oof_.covered, mask)


def test_last_rows_are_held_out():
    blend = BlendingRegressor(REGRESSORS, validation="last", validation_fraction=0.3)
    held = blend.fit(XR, YR).oof_.covered
    assert_array_equal(np.flatnonzero(held), np.arange(N - 48, N))


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_on_one_side(seed):
    groups = np.random.default_rng(seed).integers(20, size=N)
    blend = BlendingClassifier(CLASSIFIERS, random_state=seed)
    held = blend.fit(X3, Y3, groups=groups).oof_.covered
    assert 0 < held.sum() < N / 2
    assert not set(groups[held]) & set(groups[~held])


@pytest.mark.parametrize("validation", ["random", "last"])
@pytest.mark.parametrize("refit", [False, True])
def test_blend_by_hand(validation, refit):
    blend = BlendingClassifier(
        CLASSIFIERS, GaussianNB(), validation=validation, refit=refit, random_state=0
    ).fit(X2, Y2)
    held = blend.oof_.covered
    below = [clone(m).fit(X2[~held], Y2[~held]) for _, m in CLASSIFIERS]
    final = GaussianNB().fit(
        np.column_stack([m.predict_proba(X2[held])[:, 1] for m in below]), Y2[held]
    )
    if refit:
        below = [clone(m).fit(X2, Y2) for _, m in CLASSIFIERS]
    seen = np.column_stack([model.predict_proba(NEW2)[:, 1] for model in below])
    assert_allclose(blend.predict_proba(NEW2), final.predict_proba(seen), **CLOSE)
    assert_array_equal(blend.predict(NEW2), final.predict(seen))
    assert len(blend.fits_) == (6 if refit else 3)
