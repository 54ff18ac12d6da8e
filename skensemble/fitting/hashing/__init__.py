"""Digests of any value, for the keys of the store."""
