"""Numbers of sixteen bits."""

import numpy as np

from skensemble.core._rounding import round_bits


def test_sixteen_bits():
    rng = np.random.default_rng(0)
    numbers = np.append(rng.normal(size=1000) * 10.0 ** rng.integers(-9, 9, 1000), 0.0)
    short = round_bits(numbers)
    np.testing.assert_allclose(short, numbers, rtol=2.0**-16)
    np.testing.assert_array_equal(round_bits(short), short)
    assert np.isnan(round_bits([np.nan, 1.0])[0])
    mantissa = np.ldexp(np.frexp(short)[0], 16)
    np.testing.assert_array_equal(mantissa, np.round(mantissa))
