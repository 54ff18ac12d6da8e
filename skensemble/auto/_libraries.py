"""The libraries that members need, and members whose library cannot be imported."""

from skensemble.core import optional, warn
from skensemble.exceptions import MemberFailedWarning

# Library and extra by the first word of the name of a member; other members need
# scikit-learn only.
_LIBRARIES = {
    "additive": ("lightgbm", ""),
    "catboost": ("catboost", "catboost"),
    "lightgbm": ("lightgbm", ""),
    "xgboost": ("xgboost", ""),
}


def import_library(name: str) -> None:
    """Import the library of a member of the catalogue, if it needs one.

    Libraries are not imported in a worker: CatBoost imports polars, and while one
    thread imports it, scikit-learn in another thread finds a partly initialized module.

    Raises
    ------
    ImportError
        If the library is damaged or not installed.
    """
    library = _LIBRARIES.get(name.partition("_")[0])
    if library is not None:
        optional(*library)


def is_importable(name: str) -> bool:
    """Return whether the library of a member of the catalogue can be imported."""
    try:
        import_library(name)
    except ImportError:
        return False
    return True


def with_library(names: list[str]) -> list[str]:
    """Return the members whose library can be imported.

    A library that is not installed is left out without a warning, because it is an
    extra. A damaged library causes one warning.

    Parameters
    ----------
    names : list of str
        Names of the catalogue.
    """
    kept: list[str] = []
    damaged: dict[str | None, str] = {}
    for name in names:
        try:
            import_library(name)
        except ModuleNotFoundError as error:
            if _needs_extra(name):
                continue
            damaged[error.name] = str(error)
        except ImportError as error:
            damaged[error.name] = str(error)
        else:
            kept.append(name)
    for text in damaged.values():
        warn(f"{text}. Its members are left out.", MemberFailedWarning)
    return kept


def _needs_extra(name: str) -> bool:
    return bool(_LIBRARIES[name.partition("_")[0]][1])
