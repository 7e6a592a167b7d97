"""Training methods: a name in conf/method/ and the class that teaches."""

from __future__ import annotations

from fer_exp.methods.ce import CrossEntropy

METHODS = {"ce": CrossEntropy}
