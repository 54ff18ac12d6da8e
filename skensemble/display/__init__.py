"""Plots of fitted ensembles: scores, weights, diversity, margins and paths."""

from skensemble.display._coefficient_path import CoefficientPathDisplay
from skensemble.display._diversity import DiversityDisplay
from skensemble.display._leaderboard import LeaderboardDisplay
from skensemble.display._margins import MarginsDisplay
from skensemble.display._weights import WeightsDisplay

__all__ = [
    "CoefficientPathDisplay",
    "DiversityDisplay",
    "LeaderboardDisplay",
    "MarginsDisplay",
    "WeightsDisplay",
]
