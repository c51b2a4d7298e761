"""Playlists, albums and channels: listed page by page, their entries made jobs."""
