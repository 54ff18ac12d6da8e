"""Save models to files without pickles, load them, and read their manifests."""

from skensemble.persistence._file import load, save
from skensemble.persistence._manifest import Manifest, read_manifest

__all__ = ["Manifest", "load", "read_manifest", "save"]
