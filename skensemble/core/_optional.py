"""Import of optional dependencies, and of libraries with compiled code."""

from importlib import import_module
from typing import Any


def optional(module: str, extra: str = "") -> Any:
    """Import a library that may be absent or damaged.

    Parameters
    ----------
    module : str
        Full name of the module.
    extra : str, default=""
        Extra of this package that installs the library; "" for a library that every
        installation contains.

    Returns
    -------
    module : module

    Raises
    ------
    ModuleNotFoundError
        If the library is not installed. The message names the extra to install.
    ImportError
        If the library is installed, but an error of any type occurs during the import.
    """
    library = module.partition(".")[0]
    try:
        return import_module(module)
    # A damaged library can raise any error: OSError for a shared object, for example.
    except Exception as error:
        name = f"skensemble[{extra}]" if extra else library
        if isinstance(error, ModuleNotFoundError) and error.name in (library, module):
            raise ModuleNotFoundError(
                f"{library} is required; install it with: pip install '{name}'",
                name=library,
            ) from error
        raise ImportError(
            f"{library} is installed, but cannot be imported "
            f"({type(error).__name__}: {error}); repair it with: pip install "
            f"--force-reinstall {library}",
            name=library,
        ) from error
