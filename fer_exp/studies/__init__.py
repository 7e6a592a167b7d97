"""The papers' studies: which trainings a table is made of, and what it says. Pure functions of finished runs' files."""
