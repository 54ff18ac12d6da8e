"""Sphinx configuration."""

import hashlib
import os
from pathlib import Path

import skensemble

HERE = Path(__file__).parent


def digest_of_code():
    """Return a digest of the package: pages are executed again when it changes."""
    found = hashlib.sha256()
    for path in sorted(Path(skensemble.__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


project = "skensemble"
author = "the skensemble developers"
copyright = "2026, the skensemble developers (BSD-3-Clause)"
release = version = skensemble.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "_templates",
    "_module_map.md",
    "_estimators.md",
    "auto_examples/*.ipynb",
]
suppress_warnings = ["config.cache"]

# The API pages.
autosummary_generate = True
autosummary_ignore_module_all = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# The guide pages: Markdown with cells that are executed. `make docs-check` turns the
# execution off; tests/test_docs.py runs the same cells.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "executed" / digest_of_code())
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_output_stderr = "remove"
# What the kernels of the pages start with.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads leave the cores
os.environ.setdefault("PYTHONWARNINGS", "ignore")
os.environ.pop("MPLBACKEND", None)  # else the kernels would not show figures

html_theme = "pydata_sphinx_theme"
html_title = "skensemble"
html_static_path = ["_static"]
html_css_files = ["skensemble.css"]
html_sidebars = {"**": ["sidebar-pages.html"], "index": []}
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_center": ["navbar-links.html"],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
}
