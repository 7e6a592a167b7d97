"""fer-exp: does a face classifier see ambiguity as people do, and does it survive wrong labels?"""

__version__ = "0.1.0"
