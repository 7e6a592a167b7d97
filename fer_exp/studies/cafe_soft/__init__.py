"""Soft targets on CAFE (Washington et al. 2021)."""
