"""Intake: turning drops into jobs, safely and again after any crash.

Events are hints; the scan is the truth. A file that has been quiet for `settle` is
read once, recorded in durable batches, and only then filed. A kill between any two
steps converges to the same ledger: until it is filed, a drop is known by session,
name and content hash, and recording resumes behind its cursor.
"""

from ytaudio_daemon.intake.intake import Intake

__all__ = ["Intake"]
