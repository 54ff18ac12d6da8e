"""Weak learners of AdaBoost: how they are fitted, weighted and stored."""
