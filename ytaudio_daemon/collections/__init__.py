"""Lists playlists, albums and channels page by page, and makes jobs of their entries."""
