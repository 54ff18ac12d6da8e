"""The key of a cell: a digest of all that its result depends on."""

import platform
from typing import Any, NamedTuple

import sklearn

from skensemble.fitting._fold_fit import PlannedFit, Split, TrainingData
from skensemble.fitting.hashing._digest import pack
from skensemble.fitting.hashing._hasher import Hasher
from skensemble.fitting.hashing._source_code import installed_version, version_of

_ALWAYS = ("numpy", "scipy", "sklearn", "skensemble")
# Our engines grow their trees with these, whatever their parameters are.
_GUESTS = {"skensemble": ("lightgbm", "pandas", "xgboost")}
_CONFIG = ("transform_output", "enable_metadata_routing", "array_api_dispatch")


def fingerprint(work: TrainingData) -> tuple[bytes, frozenset[str]]:
    """Digest the data of a fit, and name the packages that they come from."""
    hasher = Hasher()
    parts = [hasher.digest(part) for part in (work.X, work.y, work.n_classes)]
    return pack("data", *parts), frozenset(hasher.packages)


class Key(NamedTuple):
    """Where a cell is kept, and the model that it asked, both in hexadecimal.

    A model does not depend on what it is asked, so several cells may share it.
    """

    fold_fit: str
    model: str


class Keys:
    """Gives the keys of all cells of one fit; the data are digested once.

    Parameters
    ----------
    work : TrainingData
        The data.
    """

    def __init__(self, work: TrainingData):
        self._data, self._packages = fingerprint(work)
        self._rows: dict[int, tuple[Split, tuple[bytes, bytes]]] = {}
        self._hasher = Hasher()
        config = sklearn.get_config()
        self._config = self._hasher.digest({name: config[name] for name in _CONFIG})

    def key(self, fold_fit: PlannedFit) -> Key:
        """Give the key of a cell.

        Raises
        ------
        Unkeyable
            When something that the result depends on has no lasting content.
        """
        member, hasher = fold_fit.member, self._hasher
        train, test = self._of(fold_fit.split)
        hasher.packages = set(self._packages)
        hasher.open_seeds = False
        parts = [hasher.digest(member.estimator), hasher.digest(member.fit_params)]
        # Two draws that no seed keeps apart are kept apart by name.
        name = (member.name, str(fold_fit.split.label)) if hasher.open_seeds else None
        parts.append(hasher.digest(name))
        versions = hasher.digest(_versions(hasher.packages))
        model = pack("model", self._data, self._config, train, *parts, versions)
        found = pack("fold fit", model, test, hasher.digest(member.method))
        return Key(found.hex(), model.hex())

    def _of(self, split: Split) -> tuple[bytes, bytes]:
        if id(split) not in self._rows:
            train, test = (self._hasher.digest(r) for r in (split.train, split.test))
            self._rows[id(split)] = split, (train, test)
        return self._rows[id(split)][1]


def _versions(packages: set[str]) -> dict[str, Any]:
    guests = [guest for name in packages for guest in _GUESTS.get(name, ())]
    python = ".".join(platform.python_version_tuple()[:2])
    always = {name: installed_version(name) for name in (*_ALWAYS, *guests)}
    met = {name: version_of(name) for name in packages if name != "__main__"}
    return {"python": python, **always, **met}
