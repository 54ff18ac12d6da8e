"""The key of a fit: a digest of everything that its result depends on."""

import platform
from typing import Any, NamedTuple

import sklearn

from skensemble.fitting._fold_fit import PlannedFit, Split, TrainingData
from skensemble.fitting.hashing._digest import pack
from skensemble.fitting.hashing._hasher import Hasher
from skensemble.fitting.hashing._source_code import installed_version, version_of

_ALWAYS_USED = ("numpy", "scipy", "sklearn", "skensemble")
# Libraries that our engines use with any parameters.
_USED_LIBRARIES = {"skensemble": ("lightgbm", "pandas", "xgboost")}
_CONFIG = ("transform_output", "enable_metadata_routing", "array_api_dispatch")


def fingerprint(data: TrainingData) -> tuple[bytes, frozenset[str]]:
    """Digest the data of a fit and collect the packages that define their types."""
    hasher = Hasher()
    parts = [hasher.digest(part) for part in (data.X, data.y, data.n_classes)]
    return pack("data", *parts), frozenset(hasher.packages)


class Key(NamedTuple):
    """The keys of a fit and of its model, both in hexadecimal.

    A model does not depend on the rows that it predicts, so several fits may share it.
    """

    fold_fit: str
    model: str


class Keys:
    """Computes the keys of all fits of one run; the data are digested once."""

    def __init__(self, data: TrainingData):
        self._data, self._packages = fingerprint(data)
        self._rows: dict[int, tuple[Split, tuple[bytes, bytes]]] = {}
        self._hasher = Hasher()
        config = sklearn.get_config()
        self._config = self._hasher.digest({name: config[name] for name in _CONFIG})

    def key(self, fold_fit: PlannedFit) -> Key:
        """Return the key of a fit.

        Raises
        ------
        Unkeyable
            If the result depends on an object that cannot be digested.
        """
        member, hasher = fold_fit.member, self._hasher
        train, test = self._row_digests(fold_fit.split)
        hasher.packages = set(self._packages)
        hasher.open_seeds = False
        parts = [hasher.digest(member.estimator), hasher.digest(member.fit_params)]
        # Two unseeded fits differ, so their names are part of the key.
        name = (member.name, str(fold_fit.split.label)) if hasher.open_seeds else None
        parts.append(hasher.digest(name))
        versions = hasher.digest(_versions(hasher.packages))
        model = pack("model", self._data, self._config, train, *parts, versions)
        found = pack("fold fit", model, test, hasher.digest(member.method))
        return Key(found.hex(), model.hex())

    def _row_digests(self, split: Split) -> tuple[bytes, bytes]:
        if id(split) not in self._rows:
            train, test = (self._hasher.digest(r) for r in (split.train, split.test))
            self._rows[id(split)] = split, (train, test)
        return self._rows[id(split)][1]


def _versions(packages: set[str]) -> dict[str, Any]:
    libraries = [used for name in packages for used in _USED_LIBRARIES.get(name, ())]
    python = ".".join(platform.python_version_tuple()[:2])
    always = {name: installed_version(name) for name in (*_ALWAYS_USED, *libraries)}
    others = {name: version_of(name) for name in packages if name != "__main__"}
    return {"python": python, **always, **others}
