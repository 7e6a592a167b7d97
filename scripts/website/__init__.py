"""The documentation as a site: its pages are gathered, its reference is generated (scripts/docs.py builds it)."""
