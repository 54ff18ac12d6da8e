"""Calibration of predictions: temperature, sigmoid and isotonic."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.calibration._calibrator import (
    Calibrator as Calibrator,
    cross_calibrate as cross_calibrate,
    fit_calibrator as fit_calibrator,
)
