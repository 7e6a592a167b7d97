"""Single labels against a crowd (Kim and Wallraven 2021)."""
