"""Imports into the archive: yt-dlp's own archives, and music that is on disk already."""
