"""Boosters of LightGBM, XGBoost and CatBoost, in the libraries' own model formats."""

import tempfile
from pathlib import Path
from typing import Any

from skensemble.core import optional
from skensemble.persistence._part import Part

# Not kept: pointers into the library, and training data.
NOT_KEPT = ("_handle", "handle", "train_set", "valid_sets")


def _rest(booster: Any) -> dict[str, Any]:
    return {name: one for name, one in vars(booster).items() if name not in NOT_KEPT}


def _take_lightgbm(booster: Any) -> dict[str, Any]:
    # All trees, also those after the best iteration.
    model = booster.model_to_string(num_iteration=-1)
    return {"model": model.encode(), "rest": _rest(booster)}


def _make_lightgbm(value: dict[str, Any]) -> Any:
    import lightgbm

    booster = lightgbm.Booster(model_str=value["model"].decode())
    vars(booster).update(_harmless(value["rest"]))
    return booster


def _take_xgboost(booster: Any) -> dict[str, Any]:
    return {
        "model": bytes(booster.save_raw("ubj")),
        "config": booster.save_config().encode(),
        "rest": _rest(booster),
    }


def _make_xgboost(value: dict[str, Any]) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(value["model"]))
    booster.load_config(value["config"].decode())
    vars(booster).update(_harmless(value["rest"]))
    return booster


def _harmless(rest: dict[str, Any]) -> dict[str, Any]:
    """Attributes without pointers: a number in their place would be an address."""
    return {name: one for name, one in rest.items() if name not in NOT_KEPT}


def _take_catboost(model: Any) -> dict[str, Any]:
    blob = None
    if model.is_fitted():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            model.save_model(str(path), format="cbm")
            blob = path.read_bytes()
    kind = type(model).__name__
    return {"kind": kind, "params": model.get_params(), "model": blob}


def _make_catboost(value: dict[str, Any]) -> Any:
    catboost = optional("catboost", "files")
    kind = value["kind"]
    make = getattr(catboost, CATBOOST[CATBOOST.index(kind)])
    model = make(**value["params"])
    if value["model"] is not None:
        model.load_model(blob=value["model"])
    return model


CATBOOST = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
PARTS = (
    Part(
        "lightgbm.Booster", ("lightgbm.basic.Booster",), _take_lightgbm, _make_lightgbm
    ),
    Part("xgboost.Booster", ("xgboost.core.Booster",), _take_xgboost, _make_xgboost),
    Part(
        "catboost.CatBoost",
        tuple(f"catboost.core.{kind}" for kind in CATBOOST),
        _take_catboost,
        _make_catboost,
    ),
)
