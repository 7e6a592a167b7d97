"""The built-in faces: drawn people with action units, and raters who see them differently."""

from fer_exp.datasets.synthetic.corpus import Synthetic

__all__ = ["Synthetic"]
