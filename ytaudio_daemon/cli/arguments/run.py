"""Run the daemon in the foreground until Ctrl-C or SIGTERM.

systemd starts it in the same way. The settings come from the config file, from
variables YTAUDIO_<SECTION>_<KEY> and from the flags here.
"""

EXAMPLES = """\
examples:
  ytaudio --config config/ytaudio.toml run
"""
