"""What people are shown, whatever it is about: HTML pages, terminal lines, Markdown, progress, whole files."""
