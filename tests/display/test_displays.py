"""Displays draw what stand-ins for fitted ensembles hold."""

import subprocess
import sys
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skensemble import StackingRegressor
from skensemble.display import DiversityDisplay, LeaderboardDisplay, WeightsDisplay

mpl.use("agg")
from matplotlib import pyplot as plt

DISPLAYS = [DiversityDisplay, LeaderboardDisplay, WeightsDisplay]
# A name with two `$` would be a formula, were names not shown as they are.
NAMES = ["lgbm_deep", "a_$x_1$", "cost_$", "a_long_name_that_is_not_to_be_cut_at_all"]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def ensemble(n=4):
    """Stand in for a fitted ensemble of n members."""
    names = [NAMES[i] if i < 4 else f"{NAMES[i % 4][:6]}_{i}" for i in range(n)]
    rng = np.random.default_rng(n)
    board = pd.DataFrame(
        {
            "score": np.sort(rng.random(n))[::-1],
            "score_std": rng.random(n) / 20,
            "fit_seconds": 10 ** rng.uniform(-4, 4, n),
            "predict_seconds": 10 ** rng.uniform(-4, 1, n),
        },
        index=pd.Index(names, name="member"),
    )
    board.loc["stack"] = [board["score"].iloc[0] - 1e-3, 0.01, 12.0, 0.0]
    weights = pd.Series(np.maximum(rng.normal(size=n), 0), index=names)
    weights.iloc[:2] = [0.5, 0.0]
    first, second = np.triu_indices(n, k=1)
    pairs = [[names[i] for i in first], [names[j] for j in second]]
    measures = ["error_correlation", "q_statistic", "disagreement", "double_fault"]
    diversity = pd.DataFrame(
        {name: rng.random(len(first)) for name in measures},
        index=pd.MultiIndex.from_arrays(pairs, names=["first", "second"]),
    )
    return SimpleNamespace(leaderboard_=board, weights_=weights, diversity_=diversity)


def texts(labels):
    return [label.get_text() for label in labels]


def drawn(display):
    """Draw for good, and give what every text on the axes really shows."""
    display.figure_.canvas.draw()
    return display.ax_.get_yticklabels()


@pytest.mark.parametrize("n", [1, 3, 12, 30])
@pytest.mark.parametrize("kind", DISPLAYS)
def test_draws_any_number_of_members(kind, n):
    fitted = ensemble(max(n, 2))
    display = kind.from_estimator(fitted)
    assert isinstance(display, kind)
    assert display.ax_.figure is display.figure_
    assert display.ax_.get_xlabel()
    assert display.ax_.get_ylabel() == "member"
    labels = drawn(display)
    assert set(fitted.weights_.index) <= set(texts(labels))
    # No name is cut: every label lies within the figure.
    edge = display.figure_.bbox
    for label in labels:
        box = label.get_window_extent()
        assert box.x0 >= edge.x0
        assert box.x1 <= edge.x1


@pytest.mark.parametrize("kind", DISPLAYS)
def test_draws_on_given_axes(kind):
    _, ax = plt.subplots()
    display = kind.from_estimator(ensemble(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.plot(ax) is display


@pytest.mark.parametrize("kind", DISPLAYS)
def test_names_are_shown_as_they_are(kind):
    display = kind.from_estimator(ensemble())
    labels = [*drawn(display), *display.ax_.get_xticklabels()]
    shown = [label for label in labels if "$" in label.get_text()]
    assert set(texts(shown)) == {"a_$x_1$", "cost_$"}
    assert not any(label.get_parse_math() for label in shown)


@pytest.mark.parametrize("kind", DISPLAYS)
def test_looks_into_pipelines_and_searches(kind):
    fitted = ensemble()
    search = SimpleNamespace(best_estimator_=make_pipeline("passthrough", fitted))
    assert kind.from_estimator(search).ax_ is not None


@pytest.mark.parametrize("kind", DISPLAYS)
def test_not_fitted(kind):
    stack = StackingRegressor([("ridge", Ridge())])
    with pytest.raises(NotFittedError, match=r"StackingRegressor is not.*call 'fit'"):
        kind.from_estimator(stack)


@pytest.mark.parametrize("kind", DISPLAYS)
def test_an_estimator_without_the_attribute_is_refused_with_a_way_out(kind):
    fitted = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(ValueError, match=rf"Ridge has no '\w+_'.*{kind.__name__}\("):
        kind.from_estimator(fitted)


def test_leaderboard_is_best_on_top_with_the_ensemble_marked():
    fitted = ensemble()
    display = LeaderboardDisplay.from_estimator(fitted)
    labels = drawn(display)
    assert texts(labels) == [NAMES[0], "stack", *NAMES[1:]]
    weights = [label.get_fontweight() for label in labels]
    assert weights == ["normal", "bold", "normal", "normal", "normal"]
    bottom, top = display.ax_.get_ylim()
    assert bottom > top


def test_leaderboard_has_seconds():
    fitted = ensemble()
    reported = texts(LeaderboardDisplay.from_estimator(fitted).ax_.texts)
    assert {"fit s", "predict s", "12"} <= set(reported)
    bare = LeaderboardDisplay.from_estimator(fitted, seconds=False)
    assert not bare.ax_.texts


def test_leaderboard_without_scores_or_spread():
    board = ensemble().leaderboard_
    board["score"] = np.nan
    reported = texts(LeaderboardDisplay(board).plot(seconds=False).ax_.texts)
    assert reported == ["no score"] * 5
    display = LeaderboardDisplay(ensemble().leaderboard_[["score"]], score_name="R_2$")
    assert display.plot().ax_.get_xlabel() == "R_2$"
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("scoring", "score_name", "reported"),
    [("r2", None, "score (r2)"), (len, None, "score"), ("r2", "R²", "R²")],
)
def test_leaderboard_names_its_score(scoring, score_name, reported):
    fitted = ensemble()
    fitted.scoring = scoring
    display = LeaderboardDisplay.from_estimator(fitted, score_name=score_name)
    assert display.ax_.get_xlabel() == f"{reported} ± standard deviation over splits"


def test_leaderboard_takes_the_name_of_the_ensemble_and_a_look():
    board = ensemble().leaderboard_
    display = LeaderboardDisplay(board, ensemble="cost_$").plot(elinewidth=4)
    bold = [one for one in drawn(display) if one.get_fontweight() == "bold"]
    assert texts(bold) == ["cost_$"]


def test_weights_heaviest_on_top_zero_faint_or_left_out():
    weights = pd.Series({"none": 0.0, "light": 0.25, "heavy": 0.75, "nil": 0.0})
    display = WeightsDisplay(weights).plot()
    labels = drawn(display)
    assert texts(labels) == ["heavy", "light", "none", "nil"]
    assert labels[0].get_color() != labels[2].get_color() == labels[3].get_color()
    assert texts(display.ax_.texts) == ["0.750", "0.250", "0", "0"]
    hidden = WeightsDisplay(weights).plot(hide_zero=True)
    assert texts(drawn(hidden)) == ["heavy", "light"]
    assert "2 members of weight zero left out" in hidden.ax_.get_xlabel()


def test_weights_may_be_negative_or_all_zero():
    signed = WeightsDisplay(pd.Series({"up": 1.2, "down": -0.2})).plot()
    assert signed.ax_.get_xlim()[0] < -0.2
    nothing = WeightsDisplay(pd.Series({"a": 0.0, "b": 0.0})).plot(hide_zero=True)
    nothing.figure_.canvas.draw()
    assert "2 members" in nothing.ax_.get_xlabel()


@pytest.mark.parametrize(
    "column", ["error_correlation", "q_statistic", "disagreement", "double_fault"]
)
def test_diversity_colours_mean_the_same_everywhere(column):
    display = DiversityDisplay.from_estimator(ensemble(), column=column)
    shown = np.ma.filled(display.im_.get_array(), np.nan)
    assert np.isnan(np.diag(shown)).all()
    assert np.isnan(shown).sum() == 4
    low, high = display.im_.get_clim()
    if column in ("error_correlation", "q_statistic"):
        assert (low, high) == (-1, 1)
    else:
        assert (low, high) == (0, np.nanmax(shown))


@pytest.mark.parametrize(("n", "numbers"), [(12, 132), (13, 0)])
def test_diversity_writes_numbers_while_they_can_be_read(n, numbers):
    display = DiversityDisplay.from_estimator(ensemble(n), colorbar=False)
    assert len(display.ax_.texts) == numbers
    assert len(display.figure_.axes) == 1


def test_diversity_that_is_not_defined_is_left_grey():
    table = ensemble().diversity_
    table.iloc[:] = np.nan
    for column in table:
        display = DiversityDisplay(table, column=column).plot()
        display.figure_.canvas.draw()
        assert not display.ax_.texts


def test_diversity_of_one_member_is_refused():
    with pytest.raises(ValueError, match="no pairs"):
        DiversityDisplay(ensemble().diversity_.iloc[:0]).plot()


def test_diversity_takes_limits_and_refuses_an_unknown_column():
    display = DiversityDisplay.from_estimator(ensemble(), vmin=0.5)
    assert display.im_.get_clim() == (0.5, 1)
    with pytest.raises(ValueError, match=r"column='kappa'.*'double_fault'"):
        DiversityDisplay.from_estimator(ensemble(), column="kappa")


def test_import_needs_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import pandas as pd\n"
        "from skensemble.display import WeightsDisplay\n"
        "try:\n"
        "    WeightsDisplay(pd.Series({'a': 1.0})).plot()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "pip install 'skensemble[plot]'" in done.stdout
