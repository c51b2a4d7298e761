"""yt-dlp in a place of its own, so that it can be newer than the program.

    state/engine/2026.10.26/     a yt-dlp with the companions it names
    state/engine/current         → 2026.10.26; without it the installed one is used
    state/engine/notes.json      what was switched, tried and refused

`store` keeps the versions, `pip` fetches one, `proving` tries it, `upgrading` does all
of it in order. The folder goes before the installed packages in the workers' template
only; the daemon and its commands never import from it.
"""
