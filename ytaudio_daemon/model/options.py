"""The options of a download: a closed list. Pure.

Options come in layers (the config's `[download]`, a session's `defaults.toml`, a
file's option lines, a link's own options); each layer is a mapping from an option's
key to its checked value, and `effective_options` merges them. yt-dlp's own arguments
are never accepted: some of them execute commands.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ytaudio_daemon.model.filename_fields import FILENAME_FIELDS, TEMPLATE_FIELD

FORMATS = ("mp3", "m4a", "wav", "flac", "ogg", "opus")
LOSSLESS = frozenset({"wav", "flac"})
#: YouTube serves neither codec, so these are always encoded and need a bitrate.
ALWAYS_ENCODED = frozenset({"mp3", "ogg"})
QUALITIES = ("bestaudio", "worstaudio", "best", "worst")
TAGS = (
    *("title", "artist", "album", "album_artist", "track", "disc"),
    *("date", "genre", "comment"),
)
PRIORITIES = range(-10, 11)
#: kbit/s; LAME's, AAC's, Vorbis' and Opus' common range.
BITRATES = range(16, 513)
MAX_TAG_CHARS = 500
MAX_TEMPLATE_CHARS = 200

#: Replaces bytes that are not UTF-8; not accepted in a tag.
_REPLACEMENT_CHAR = "\N{REPLACEMENT CHARACTER}"

Layer = Mapping[str, Any]


class OptionError(ValueError):
    """An option that cannot be accepted.

    Args:
        code: `unknown_option` or `bad_option`.
        message: One sentence with what is allowed instead.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The effective options of one job.

    `bitrate` is None where the source may be copied as it is; a number that a person
    asked for, or that a format needs because it is always encoded, reads "192k".
    """

    format: str = "mp3"
    quality: str = "bestaudio"
    bitrate: str | None = "192k"
    filename: str = "%(title)s"
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the options as they are stored in the ledger and in status files."""
        return {
            "format": self.format,
            "quality": self.quality,
            "bitrate": self.bitrate,
            "filename": self.filename,
            "tags": dict(sorted(self.tags.items())),
            "priority": self.priority,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Options":
        """Rebuild options from `to_json`."""
        return cls(**data)

    def profile(self) -> str:
        """Return 16 hex digits: a hash of all options that change the audio."""
        import hashlib  # noqa: PLC0415 - OpenSSL; `status` and `--help` need none

        data = self.to_json()
        del data["priority"]
        text = json.dumps(data, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def effective_options(default_bitrate: str, *layers: Layer) -> Options:
    """Merge layers of options; later ones win.

    Args:
        default_bitrate: The config's, for formats that are always encoded.
        layers: Checked options, as `check_layer` returns them; those that select
            entries of a collection are ignored.
    """
    flat: dict[str, Any] = {}
    for layer in layers:
        flat.update(layer)
    tags = {k.removeprefix("tag."): v for k, v in flat.items() if k.startswith("tag.")}
    plain = {k: v for k, v in flat.items() if k in _CHECKS}
    options = Options(**(plain | {"bitrate": plain.get("bitrate"), "tags": tags}))
    return Options(
        **(
            options.to_json()
            | {"bitrate": _effective_bitrate(options, default_bitrate)}
        )
    )


def _effective_bitrate(options: Options, default: str) -> str | None:
    if options.format in LOSSLESS:
        return None
    if options.format in ALWAYS_ENCODED:
        return options.bitrate or default
    return options.bitrate


def check_option(key: str, value: object) -> Any:
    """Return an option's value in its canonical form.

    Raises:
        OptionError: The key is not on the list, or the value not allowed.
    """
    if key.startswith("tag.") and key.removeprefix("tag.") in TAGS:
        return _check_tag(key, value)
    check = _CHECKS.get(key)
    if check is None:
        known = ", ".join([*_CHECKS, "tag.<" + "|".join(TAGS) + ">"])
        raise OptionError(
            "unknown_option", f"unknown option {key[:40]!r}; known: {known}"
        )
    return check(value)


def check_layer(pairs: Mapping[str, object]) -> dict[str, Any]:
    """Check a whole layer, as read from `defaults.toml` or a JSON line.

    `{"tag": {"artist": "x"}}` is accepted as `tag.artist`.

    Raises:
        OptionError: As `check_option`; also when a lossless format gets a bitrate.
    """
    layer: dict[str, Any] = {}
    for key, value in pairs.items():
        if key in {"tag", "tags"} and isinstance(value, Mapping):
            layer |= {f"tag.{k}": check_option(f"tag.{k}", v) for k, v in value.items()}
        else:
            layer[key] = check_option(key, value)
    refuse_contradictions(layer)
    return layer


def refuse_contradictions(layer: Layer) -> None:
    """Refuse a bitrate together with a lossless format in one layer.

    Raises:
        OptionError: With code `bad_option`.
    """
    if layer.get("format") in LOSSLESS and "bitrate" in layer:
        raise OptionError(
            "bad_option",
            f"bitrate goes with lossy formats; {layer['format']} is lossless",
        )


def _choice_check(key: str, allowed: tuple[str, ...]) -> Callable[[object], str]:
    def check(value: object) -> str:
        word = str(value).strip().lower()
        if word not in allowed:
            raise OptionError(
                "bad_option",
                f"{key} cannot be {str(value)[:40]!r}; allowed: {' '.join(allowed)}",
            )
        return word

    return check


def _check_bitrate(value: object) -> str:
    found = re.fullmatch(r"([0-9]{1,4})\s*k?(?:bit/s|bps)?", str(value).strip().lower())
    if found is None or int(found[1]) not in BITRATES:
        raise OptionError(
            "bad_option",
            f"bitrate cannot be {str(value)[:40]!r}; give {BITRATES[0]}k to {BITRATES[-1]}k",
        )
    return f"{int(found[1])}k"


def _check_priority(value: object) -> int:
    found = re.fullmatch(r"[+-]?[0-9]{1,3}", str(value).strip(), re.ASCII)
    if isinstance(value, bool) or found is None or int(str(value)) not in PRIORITIES:
        raise OptionError(
            "bad_option",
            f"priority cannot be {str(value)[:40]!r}; give a whole number from "
            f"{PRIORITIES[0]} to {PRIORITIES[-1]}",
        )
    return int(str(value))


def _check_filename(value: object) -> str:
    """Accept literal `%(field)s` only: `%(title)500000000s` would fill the memory."""
    template = _single_line(value) if isinstance(value, str) else ""
    literal = TEMPLATE_FIELD.sub("", template)
    if (
        not template
        or "%" in literal
        or _REPLACEMENT_CHAR in template
        or len(template) > MAX_TEMPLATE_CHARS
    ):
        fields = " ".join(f"%({name})s" for name in FILENAME_FIELDS)
        raise OptionError(
            "bad_option",
            f"filename cannot be {str(value)[:40]!r}; give words and any of {fields}, "
            f"at most {MAX_TEMPLATE_CHARS} characters",
        )
    return template


def _single_line(text: str) -> str:
    """Return a text on one line, without control characters and lone surrogates."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _check_tag(key: str, value: object) -> str:
    clean = _single_line(str(value)) if isinstance(value, str | int) else ""
    if isinstance(value, bool) or not clean or len(clean) > MAX_TAG_CHARS:
        raise OptionError(
            "bad_option", f"{key} needs 1 to {MAX_TAG_CHARS} readable characters"
        )
    if _REPLACEMENT_CHAR in clean:
        raise OptionError("bad_option", f"{key} is not UTF-8: save the file as UTF-8")
    return clean


_CHECKS: dict[str, Callable[[object], Any]] = {
    "format": _choice_check("format", FORMATS),
    "quality": _choice_check("quality", QUALITIES),
    "bitrate": _check_bitrate,
    "filename": _check_filename,
    "priority": _check_priority,
}

#: Every key there is.
OPTION_KEYS = (*_CHECKS, *(f"tag.{name}" for name in TAGS))
