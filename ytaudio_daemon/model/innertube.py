"""YouTube's players, as one of which yt-dlp makes its requests. Pure data."""

#: The names for `player_client` in yt-dlp's README, "youtube" among the extractor
#: arguments; `default` stands for those that it would choose itself. One that a later
#: yt-dlp has dropped is skipped there with a warning.
PLAYER_CLIENTS = (
    "default",
    "web",
    "web_safari",
    "web_embedded",
    "web_music",
    "web_creator",
    "mweb",
    "android",
    "android_vr",
    "ios",
    "visionos",
    "tv",
    "tv_downgraded",
    "tv_samsung",
    "tv_simply",
)
