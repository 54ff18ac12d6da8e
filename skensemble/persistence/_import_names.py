"""Import a class or a function by its full name."""

from importlib import import_module
from typing import Any

from skensemble.exceptions import ModelFileError


def resolve(name: str) -> Any:
    """Import a class or a function by its full name, which must be trusted.

    Raises
    ------
    ModelFileError
        If there is no object of that name.
    """
    *path, last = name.split(".")
    for depth in range(len(path), 0, -1):
        try:
            found = import_module(".".join(path[:depth]))
        except ImportError:
            continue
        try:
            for attribute in (*path[depth:], last):
                found = getattr(found, attribute)
        except AttributeError:
            continue
        return found
    if path and path[0] == "__main__":
        raise ModelFileError(
            f"{name} is not defined in this process: it was defined in a script or a "
            "notebook. Define it in a module that both processes can import, and save "
            "the model again."
        )
    raise ModelFileError(
        f"{name} does not exist here: install or update {path[0] if path else name}, "
        "or load the file in the environment where it was saved."
    )
