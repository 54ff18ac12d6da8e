"""Convert boosters of LightGBM, XGBoost and CatBoost to their own model formats."""

import tempfile
from pathlib import Path
from typing import Any

from skensemble.core import optional
from skensemble.persistence._graph import Converter

# Attributes that are not saved: pointers into the library, and training data.
POINTERS = ("_handle", "handle", "train_set", "valid_sets")


def _other_attributes(booster: Any) -> dict[str, Any]:
    return {name: one for name, one in vars(booster).items() if name not in POINTERS}


def _dump_lightgbm(booster: Any) -> dict[str, Any]:
    # Save all trees, also those after the best iteration.
    model = booster.model_to_string(num_iteration=-1)
    return {"model": model.encode(), "rest": _other_attributes(booster)}


def _load_lightgbm(value: dict[str, Any]) -> Any:
    import lightgbm

    booster = lightgbm.Booster(model_str=value["model"].decode())
    vars(booster).update(_without_pointers(value["rest"]))
    return booster


def _dump_xgboost(booster: Any) -> dict[str, Any]:
    return {
        "model": bytes(booster.save_raw("ubj")),
        "config": booster.save_config().encode(),
        "rest": _other_attributes(booster),
    }


def _load_xgboost(value: dict[str, Any]) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(value["model"]))
    booster.load_config(value["config"].decode())
    vars(booster).update(_without_pointers(value["rest"]))
    return booster


def _without_pointers(rest: dict[str, Any]) -> dict[str, Any]:
    """Drop pointers: the library would use a number from a file as an address."""
    return {name: one for name, one in rest.items() if name not in POINTERS}


def _dump_catboost(model: Any) -> dict[str, Any]:
    blob = None
    if model.is_fitted():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            model.save_model(str(path), format="cbm")
            blob = path.read_bytes()
    kind = type(model).__name__
    return {"kind": kind, "params": model.get_params(), "model": blob}


def _load_catboost(value: dict[str, Any]) -> Any:
    catboost = optional("catboost", "files")
    kind = value["kind"]
    # An error for any other name: a file must not choose what is called.
    make = getattr(catboost, CATBOOST_CLASSES[CATBOOST_CLASSES.index(kind)])
    model = make(**value["params"])
    if value["model"] is not None:
        model.load_model(blob=value["model"])
    return model


CATBOOST_CLASSES = (
    "CatBoost",
    "CatBoostClassifier",
    "CatBoostRanker",
    "CatBoostRegressor",
)
CONVERTERS = (
    Converter(
        "lightgbm.Booster", ("lightgbm.basic.Booster",), _dump_lightgbm, _load_lightgbm
    ),
    Converter(
        "xgboost.Booster", ("xgboost.core.Booster",), _dump_xgboost, _load_xgboost
    ),
    Converter(
        "catboost.CatBoost",
        tuple(f"catboost.core.{kind}" for kind in CATBOOST_CLASSES),
        _dump_catboost,
        _load_catboost,
    ),
)
