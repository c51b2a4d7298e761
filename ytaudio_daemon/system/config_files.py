"""The paths at which the config file is searched."""

from pathlib import Path

#: The variable that names it.
CONFIG_VARIABLE = "YTAUDIO_CONFIG"
#: Below the current folder.
LOCAL_CONFIG = Path("config/ytaudio.toml")
#: Of the installed service.
SYSTEM_CONFIG = Path("/etc/ytaudio/ytaudio.toml")
