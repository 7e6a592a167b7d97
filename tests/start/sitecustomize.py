"""Python reads this at its start where tests/processes.py says so: in commands, in their children, and in workers."""

import importlib.util
import os
import signal
import sys


def die_with_its_group(at: str) -> None:
    """The moment that a file is there whole."""

    def replace(old, new, real=os.replace, **named):
        real(old, new, **named)
        if os.fspath(new) == at:
            os.killpg(0, signal.SIGKILL)

    os.replace = replace


class Light:
    """Finds the networks as others do, and puts one convolution in the place of ResNet-18."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "fer_exp.training.networks":
            return None

        def load(module):
            real(module)
            from tests.light import light_row

            module.BACKBONES["resnet18"] = light_row()

        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        real, spec.loader.exec_module = spec.loader.exec_module, load
        return spec


if __name__ == "sitecustomize":  # and not where pytest looks for examples
    sys.meta_path.insert(0, Light)
    if "DIES_AT" in os.environ:
        die_with_its_group(os.environ["DIES_AT"])
