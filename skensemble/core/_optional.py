"""The one door through which optional libraries come in."""

from importlib import import_module
from typing import Any


def optional(module: str, extra: str) -> Any:
    """Import an optional library, or say what to install.

    Parameters
    ----------
    module : str
        What to import, such as "matplotlib.pyplot".
    extra : str
        The extra of skensemble that brings it.

    Returns
    -------
    module : module
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        raise ImportError(
            f"{library} is needed here; install it with: pip install "
            f"'skensemble[{extra}]'"
        ) from error
