"""What a client reads when a run has ended: one Markdown file and one HTML page."""
