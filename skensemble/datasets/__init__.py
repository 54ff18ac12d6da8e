"""Data sets that are part of the package."""

from skensemble.datasets._ames import load_ames

__all__ = ["load_ames"]
