"""Which training methods survive wrong labels (NCCTFER, arXiv 2305.01884), where there is something to survive."""
