"""What a requirement asks, where it comes from, how it is proven, and what to do when it is red."""
