"""yt-dlp in a place of its own, so that it can be newer than the program.

    state/engine/2026.10.26/     a yt-dlp with the companions it names
    state/engine/current         → 2026.10.26; without it the installed one is used
    state/engine/notes.json      the versions used, refused, and the last upgrade

`version_store` reads them, `version_writer` changes them, `pip` fetches a version,
`verification` tries it, and `upgrade` does all of it in order. Only the workers' template
imports from the folder; the daemon and its commands never do.
"""
