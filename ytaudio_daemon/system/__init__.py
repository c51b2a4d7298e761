"""What the operating system gives: clock, log, systemd, processes, sockets."""
