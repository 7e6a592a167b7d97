"""Soft targets on CAFE (Washington et al. 2021)."""

from fer_exp.studies.cafe_soft.study import build

__all__ = ["build"]
