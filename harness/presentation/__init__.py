"""Output for people: HTML pages, terminal lines, Markdown, progress, files written whole."""
