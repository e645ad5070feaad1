"""Several targets side by side, by requirement, and since which release a server behaves as it does."""
