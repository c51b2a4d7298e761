"""Programs that show how ytaudio-daemon is used."""
