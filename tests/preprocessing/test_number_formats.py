"""Numbers with a currency, a unit, a decimal comma; times of day and durations."""

import datetime

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
    "kilograms": lambda v: f"{v:.2f}kg",
    "speed": lambda v: f"{v:.2f} km/h",
    "area": lambda v: f"{v:,.2f} m²",
    "temperature": lambda v: f"{v:.2f} °C",
    "two words": lambda v: f"{v:.2f} per month",
    "code": lambda v: f"{v:,.2f} USD",
    "code before": lambda v: f"CHF {v:.2f}",
    "area in German": lambda v: f"{v:.2f} qm".replace(".", ","),
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


def encoded(words, new=None):
    """Return the only column of numbers that strings are encoded as."""
    encoder = TableEncoder().fit(frame_of(words))
    assert encoder.kinds_["a"] == "numeric"
    return encoder.transform(frame_of(words if new is None else new))["a"].to_numpy()


def test_limits_of_detection_are_numbers():
    assert encoded([f"<{k}.5" if k % 9 else f">{k}" for k in range(N)])[1] == 1.5


def test_brackets_and_trailing_signs_are_negative():
    words = [f"({k:,})" if k % 2 else f"{k:,}" for k in range(900, 1100)]
    expected = [-k if k % 2 else k for k in range(900, 1100)]
    assert encoded(words).tolist() == expected
    assert encoded([f"${w}" for w in words]).tolist() == expected
    behind = [f"{k:,}-" if k % 2 else f"{k:,}" for k in range(900, 1100)]
    assert encoded(behind).tolist() == expected


MAGNITUDES = {
    "$5k": (["$5k", "$1.2M", "$300", "$7.5m", "$2bn"], [5e3, 1.2e6, 300, 7.5e6, 2e9]),
    "€": (["5 Mio. €", "12 Tsd. €", "3 €"], [5e6, 12e3, 3]),
    "bare": (["5k", "1.2M", "870", "10,000+"], [5e3, 1.2e6, 870, 1e4]),
    "rupees": (["₹15", "₹2 lakh", "₹1,20,000"], [15, 2e5, 120000]),
    "code": (["USD 5k", "1.5 million USD", "US$7"], [5e3, 1.5e6, 7]),
}


@pytest.mark.parametrize("name", MAGNITUDES)
def test_magnitudes(name):
    words, expected = MAGNITUDES[name]
    many = [words[0].replace("5", str(k)) for k in range(20, 60)]
    np.testing.assert_allclose(encoded([*words, *many], words), expected)


SEVERAL_UNITS = {
    "kg, g": lambda k: f"{k} kg" if k % 2 else f"{k * 100} g",
    "km/h, mph": lambda k: f"{k} km/h" if k % 3 else f"{k} mph",
    "€, $": lambda k: f"€{k}" if k % 2 else f"${k}",
    "km, k": lambda k: f"{k}k" if k % 2 else f"{k} km",
    "MB, GB": lambda k: f"{k} MB" if k % 2 else f"{k} GB",
}


@pytest.mark.parametrize("name", SEVERAL_UNITS)
def test_several_units_are_not_one_number(name):
    words = [SEVERAL_UNITS[name](k) for k in range(10, 10 + N)]
    with pytest.warns(UserWarning, match="'a' holds numbers in different units: "):
        kinds = TableEncoder(kinds={"b": "numeric"}).fit(frame_of(words)).kinds_
    assert kinds["a"] != "numeric"


def test_a_unit_in_upper_or_lower_case_is_one_unit():
    words = [f"{k} {'kg' if k % 2 else 'KG'}" for k in range(N)]
    assert encoded(words).tolist() == list(range(N))


def test_a_new_unit_is_missing_with_a_warning():
    words = [f"{k} kg" for k in range(10, 10 + N)]
    encoder = TableEncoder().fit(frame_of(words))
    new = frame_of(["12 kg", "13", "500 g", "€5", "?", None, "1,200 kg"])
    message = "'a' should hold numbers; 2 values .* such as '500 g'"
    with pytest.warns(UserWarning, match=message):
        out = encoder.transform(new)["a"]
    np.testing.assert_array_equal(out, [12, 13, np.nan, np.nan, np.nan, np.nan, 1200])


def test_numbers_and_words_are_not_numbers_with_units():
    flats = frame_of([f"{k} {'Main St' if k % 2 else 'Oak Rd'}" for k in range(N)])
    flats["c"] = [f"{k}{'ABC'[k % 3]}" for k in range(N)]
    kinds = TableEncoder(kinds={"b": "numeric"}).fit(flats.iloc[:, :2]).kinds_
    assert kinds["a"] == "text"
    with pytest.warns(UserWarning, match="left out: 'c'"):
        TableEncoder().fit(flats[["b", "c"]])


SECONDS = RNG.permutation(np.arange(61, 86_000, 7))[:N]
CLOCKS = {
    "08:31:07": lambda s: f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}",
    "8:31:07.5": lambda s: f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}.0",
    "pandas": lambda s: str(pd.Timedelta(seconds=int(s))),
    "python": lambda s: str(datetime.timedelta(seconds=int(s))),
    "long": lambda s: str(datetime.timedelta(days=3, seconds=int(s) - 3 * 86400)),
    "ISO": lambda s: f"PT{s // 3600}H{s // 60 % 60}M{s % 60}S",
    "parts": lambda s: f"{s // 3600}h {s // 60 % 60}m {s % 60}s",
    "long parts": lambda s: f"{s // 60} min {s % 60} sec",
    "race": lambda s: (
        f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}"
        if s >= 3600
        else f"{s // 60}:{s % 60:02}"
    ),
    "Timedelta": lambda s: pd.Timedelta(seconds=int(s)),
    "time": lambda s: datetime.time(s // 3600, s // 60 % 60, s % 60),
}


@pytest.mark.parametrize("way", CLOCKS)
def test_times_and_durations_are_seconds(way):
    words = [CLOCKS[way](int(second)) for second in SECONDS]
    np.testing.assert_allclose(encoded(words), SECONDS)
    with_gap = [*words, None, "?"] if isinstance(words[0], str) else [*words, None]
    np.testing.assert_allclose(encoded(with_gap)[:N], SECONDS)


def test_hours_and_minutes():
    words = [f"{k // 60:02}:{k % 60:02}" for k in range(400, 600)]
    np.testing.assert_allclose(encoded(words), 60 * np.arange(400, 600))
    half = [
        f"{(k // 60 + 11) % 12 + 1}:{k % 60:02} {'AP'[k >= 720]}M" for k in range(999)
    ]
    np.testing.assert_allclose(encoded(half), 60 * np.arange(999))


@pytest.mark.parametrize("way", ["pandas", "Timedelta", "08:31:07"])
def test_durations_may_be_written_in_another_way(way):
    words = [CLOCKS[way](int(second)) for second in SECONDS]
    for other in ("pandas", "Timedelta", "08:31:07", "parts"):
        new = [CLOCKS[other](int(second)) for second in SECONDS[:9]]
        np.testing.assert_allclose(encoded(words, new), SECONDS[:9])
    encoder = TableEncoder().fit(frame_of(words))
    with pytest.warns(UserWarning, match="'a' should hold numbers; 1 .* 'soon'"):
        out = encoder.transform(frame_of(["soon", "01:00:00"]))["a"]
    np.testing.assert_array_equal(out, [np.nan, 3600])


@pytest.mark.parametrize("least", ["every 80th", "none"])
def test_a_format_is_found_in_folds_where_few_rows_show_it(least):
    words = [f"{k} kg" if least == "none" or k % 80 else "?" for k in range(N)]
    encoder = TableEncoder(kinds={"a": "numeric"}).fit(frame_of(words[:8]))
    assert encoder.transform(frame_of(["5 kg"]))["a"].item() == 5
