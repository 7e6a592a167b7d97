"""What stands in an exported file's metadata, and beside it for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fer_exp import __version__
from fer_exp.export import FORMATS
from fer_exp.export.preprocessing import steps
from fer_exp.export.ready import OUTPUTS
from fer_exp.training.network_file import Told


def describe(told: Told, name: str) -> dict[str, Any]:
    """All that has to be known to use a network in a format, ready for JSON."""
    outputs = OUTPUTS if told.affect else OUTPUTS[:1]
    return {
        **asdict(told),
        "format": name,
        "input": {"name": "faces", "type": "uint8", "shape": ["N", told.size, told.size, told.channels]},
        "outputs": {each: ["N", len(told.classes)] if each == OUTPUTS[0] else ["N"] for each in outputs},
        "preprocessing": steps(told, inside=FORMATS[name].inside),
        "id2label": dict(enumerate(told.classes)),
        "exported_by": f"fer-exp {__version__}",
    }


def metadata(told: Told, name: str) -> dict[str, str]:
    """The same as texts: what is no text already is JSON."""
    content = describe(told, name)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}
