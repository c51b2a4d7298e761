"""Expires sessions, removes their files and the old files of subscriptions, prunes history."""
