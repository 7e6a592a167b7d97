"""Figures of the explaining pages, drawn from committed results."""

from __future__ import annotations

from pathlib import Path


def draw(place: Path, results: Path) -> None:
    """Draw all of them."""
