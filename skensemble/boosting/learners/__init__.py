"""What AdaBoost fits round after round, and what it keeps of it."""
