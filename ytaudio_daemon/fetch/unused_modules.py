"""Libraries that yt-dlp imports where they are installed, and that no attempt uses.

Together they are 4 MiB of the template, of whose pages each worker copies a part.
"""

#: Their names, to be withheld while yt-dlp is imported.
UNUSED_MODULES = (
    # To decrypt streams: YouTube has none that are encrypted, and yt-dlp can do without.
    "Crypto",
    "Cryptodome",
    # For handlers of requests that `hosts.guarded_handlers` leaves out.
    "curl_cffi",
    "websockets",
    # To read cookies from browsers, and to mark files with their origin.
    "secretstorage",
    "sqlite3",
    "xattr",
)
