"""Save models to files without pickles, load them, and read their manifests."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.persistence._compressed_pickle import (
    CompressedPickle as CompressedPickle,
)
from skensemble.persistence._file import load, save
from skensemble.persistence._manifest import Manifest, read_manifest

__all__ = ["Manifest", "load", "read_manifest", "save"]
