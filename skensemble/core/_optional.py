"""Import of optional dependencies."""

from importlib import import_module
from typing import Any


def optional(module: str, extra: str) -> Any:
    """Import an optional dependency; the error names the extra to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        raise ImportError(
            f"{library} is required; install it with: pip install 'skensemble[{extra}]'"
        ) from error
