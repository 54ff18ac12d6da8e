"""Numbers with a currency, a percent sign, a decimal comma or thousands separators."""

import numpy as np
import pandas as pd
import pytest

from skensemble.preprocessing import FeatureGenerator, TableEncoder

N = 100
RNG = np.random.default_rng(0)
VALUES = RNG.lognormal(6, 2, N).round(2)
COMMA = str.maketrans(",.", ".,")
WAYS = {
    "dollars": lambda v: f"${v:,.2f}",
    "pounds": lambda v: f"£ {v:.2f}",
    "German": lambda v: f"{v:,.2f} €".translate(COMMA),
    "decimal comma": lambda v: f"{v:.2f}".translate(COMMA),
    "French": lambda v: f"{v:,.2f}".replace(",", "\u202f").replace(".", ","),
    "Swiss": lambda v: f"{v:,.2f}".replace(",", "\u2019"),
    "per cent": lambda v: f"{v:.2f} %",
    "thousands in some": lambda v: f"{v:,.2f}",
}


def frame_of(words):
    return pd.DataFrame({"a": words, "b": np.arange(len(words)) ** 2.0})


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("way", WAYS)
def test_formatted_numbers_are_parsed(way, sign):
    words = [sign + WAYS[way](value) for value in VALUES]
    encoder = TableEncoder().fit(frame_of(words))
    assert encoder.kinds_["a"] == "numeric"
    expected = -VALUES if sign else VALUES
    np.testing.assert_array_equal(encoder.transform(frame_of(words))["a"], expected)
    plain = encoder.transform(frame_of(expected))
    np.testing.assert_array_equal(plain["a"], expected)


def test_thousands_separators_only():
    words = [f"{int(1000 * value):,}" for value in VALUES]
    out = TableEncoder().fit_transform(frame_of(words))
    np.testing.assert_array_equal(out["a"], [int(1000 * value) for value in VALUES])


def test_new_rows_are_parsed_in_the_learned_format():
    encoder = TableEncoder().fit(frame_of([WAYS["German"](v) for v in VALUES]))
    new = frame_of(["1.500", "1,5", "€ 2,5", "-3 €", "1e3", "?", None])
    out = encoder.transform(new)["a"]
    np.testing.assert_array_equal(out, [1500, 1.5, 2.5, -3, 1000, np.nan, np.nan])
    levels = frame_of(pd.Categorical(["1,5 €", "2,5 €"]))
    assert encoder.transform(levels)["a"].tolist() == [1.5, 2.5]
    with pytest.warns(UserWarning, match="'a' should hold numbers; 1 .* 'dear'"):
        assert np.isnan(encoder.transform(frame_of(["dear"]))["a"].item())


def test_kinds_of_the_user_are_used():
    few = frame_of([f"{k % 6 * 10}%" for k in range(N)])
    assert TableEncoder().fit(few).kinds_["a"] == "category"
    out = TableEncoder(kinds={"a": "numeric"}).fit_transform(few)
    assert out["a"].tolist() == [k % 6 * 10 for k in range(N)]
    many = frame_of([f"{k % 50},{k % 7}" for k in range(N)])
    encoder = TableEncoder(kinds={"a": "high-cardinality"}).fit(many)
    assert encoder.transform(many)["a"].iloc[0] == "0,0"


def test_no_features_are_generated_from_formatted_numbers():
    frame = frame_of([WAYS["dollars"](value) for value in VALUES])
    frame["c"] = RNG.normal(size=N)
    generator = FeatureGenerator(["sum"], selection=None).fit(frame)
    assert generator.generated_["name"].tolist() == ["b plus c"]
    assert generator.transform(frame)["a"].equals(frame["a"])
