"""What a face is taught as: votes and their cleaning, wrong labels on purpose, targets."""
