"""What the build adds: the commit that a wheel or an sdist was made of, as fer_exp/COMMIT."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):
    """Leaves the commit in the package; nothing where the source is no checkout, or stays one (an editable install)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Ask git before the build; hatchling calls this."""
        sys.path.insert(0, self.root)
        from fer_exp.commit import FILE, asked_of_git

        self.folder = TemporaryDirectory()
        commit = None if version == "editable" else asked_of_git(Path(self.root))
        if commit:
            path = Path(self.folder.name) / FILE
            path.write_text(f"{commit}\n", encoding="ascii")
            build_data["force_include"][str(path)] = f"fer_exp/{FILE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was left for the build."""
        self.folder.cleanup()
