"""Asking people: a page that shows faces, who gets which, and the ledger in which their answers are kept."""
