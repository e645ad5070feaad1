"""Several targets side by side: requirement by requirement, and since which release a server does what it does."""
