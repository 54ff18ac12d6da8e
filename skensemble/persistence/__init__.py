"""Models in files that hold no code: save, load, and read what is in one."""

from skensemble.persistence._file import load, save
from skensemble.persistence._manifest import Manifest, read_manifest

__all__ = ["Manifest", "load", "read_manifest", "save"]
