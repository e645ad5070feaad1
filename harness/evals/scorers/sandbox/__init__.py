"""Running programs that nobody has read: with limits, without network, without files but their own folder."""
