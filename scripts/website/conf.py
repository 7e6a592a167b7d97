"""Sphinx' settings; names and meanings are Sphinx', MyST's and furo's."""

from fer_exp import __version__
from fer_exp.report.figures import SERIES

project = "fer-exp"
author = "The fer-exp authors"
copyright = author
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# Pages are plain Markdown, as GitHub reads it: headings are linked to by GitHub's names for them.
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # a page of results begins with the table's own heading
exclude_patterns = ["files"]
highlight_language = "text"

# Python: the docstrings of what `import fer_exp` gives.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Keys", "params_style")]
nitpick_ignore_regex = [
    ("py:.*", r"(?!fer_exp\.\w+$).*")
]  # other libraries, for want of their inventories, and what is private

html_theme = "furo"
html_title = f"fer-exp {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": SERIES[0], "color-brand-content": SERIES[0]},
    "dark_css_variables": {"color-brand-primary": SERIES[5], "color-brand-content": SERIES[5]},
}

linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False  # pages that are made by scripts have anchors that a reader of HTML does not see
