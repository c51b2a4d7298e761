"""Fills the archive: from yt-dlp's own archives, and from music that is here already."""
