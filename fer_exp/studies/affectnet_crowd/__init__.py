"""Single labels against a crowd (Kim and Wallraven 2021)."""

from fer_exp.studies.affectnet_crowd.study import build

__all__ = ["build"]
