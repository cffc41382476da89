"""The documentation site: ``make docs``."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("_ext")))

project = "Equispike"
author = "The Equispike developers"
copyright = author
release = metadata.version("equispike")
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "catalogue",
    "docstrings",
]
exclude_patterns = ["_ext"]


html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"light_css_variables": {"font-stack--monospace": "ui-monospace, Menlo, Consolas, monospace"}}

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Notebooks are committed without outputs and executed here, in a folder of their own; those that have not changed are
# taken from the cache, which knows nothing of our code: make docs begins without it.
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).resolve().parents[1] / "build/notebooks")
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Run": "Run", "Phases": "Phases"}
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
