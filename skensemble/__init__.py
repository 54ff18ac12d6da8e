"""Ensembles and tools for tabular data that follow scikit-learn's conventions."""

import lazy_loader

# A name is imported when it is first used, so that `import skensemble` is quick. The
# stub beside this file lists all names, for type checkers too (SPEC 1).
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
