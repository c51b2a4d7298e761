"""The body of an HTTP response: read in pieces, unpacked in pieces, and never cut unnoticed.

Some kilobytes may unpack to gigabytes: no decoder here returns more than it is asked for.
"""

import functools
import http.client
import importlib
import zlib
from typing import Any, Protocol

_READ_BYTES = 1 << 16
_ANY_SIZE = 1 << 20
#: zlib's `wbits` (zlib.h, inflateInit2).
_GZIP_FORMAT, _ZLIB_FORMAT, _RAW_FORMAT = 31, 15, -15
#: The low bits of a first byte of the zlib format (RFC 1950, CM); raw deflate has others.
_ZLIB_METHOD = 8


class _Decoder(Protocol):
    """zlib's decompression object, and what is made like it."""

    @property
    def eof(self) -> bool:
        """Whether the end of the packed body was found."""

    @property
    def unconsumed_tail(self) -> bytes:
        """The input that was not used yet."""

    def decompress(self, packed: bytes, max_length: int, /) -> bytes:
        """Unpack about so many bytes at most."""


class _BrotliDecoder:
    """Brotli's decompressor in the form of zlib's."""

    unconsumed_tail = b""  # the library stores it

    def __init__(self) -> None:
        self._library = importlib.import_module("brotli")
        self._decompressor = self._library.Decompressor()

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.is_finished())

    def decompress(self, packed: bytes, max_length: int, /) -> bytes:
        try:
            piece = self._decompressor.process(packed, output_buffer_limit=max_length)
        except self._library.error as error:
            raise zlib.error(str(error)) from error
        return bytes(piece)


def accepted_encodings() -> tuple[str, ...]:
    """Return the encodings to ask for, those of yt-dlp's own handlers."""
    zlibs = ("gzip", "deflate")
    return (*zlibs, "br") if _has_bounded_brotli() else zlibs


class Body:
    """Reads a response's body as it was sent.

    Args:
        response: Its head was read.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def read(self, amount: int | None = None) -> bytes:
        """Return up to `amount` bytes, or all; none at the end.

        Raises:
            http.client.IncompleteRead: The connection was closed too early.
            OSError: It broke.
        """
        left = self._response.length
        data = self._response.read(amount)
        # http.client takes a connection that breaks for the end, if a size was asked for.
        if left is not None and len(data) < left and len(data) != amount:
            raise http.client.IncompleteRead(data, left - len(data))
        return data


class PackedBody:
    """Reads a body that was compressed, and unpacks it.

    Args:
        response: Its head was read.
        encoding: Its `Content-Encoding`.

    Raises:
        http.client.HTTPException: The encoding was not asked for.
    """

    def __init__(self, response: http.client.HTTPResponse, encoding: str) -> None:
        if encoding not in accepted_encodings():
            raise http.client.HTTPException(
                "a compressed answer that was not asked for"
            )
        self._body = Body(response)
        self._encoding = encoding
        self._decoder: _Decoder | None = None
        self._packed = b""
        self._surplus = b""  # brotli's pieces are 32 KiB at least

    def read(self, amount: int | None = None) -> bytes:
        """Return up to `amount` unpacked bytes, or all; none at the end.

        Raises:
            http.client.IncompleteRead: The body ends too early.
            OSError: The connection broke.
            zlib.error: The body is damaged.
        """
        pieces: list[bytes] = []
        wanted = amount
        while wanted is None or wanted > 0:
            piece = self._unpack(_ANY_SIZE if wanted is None else wanted)
            if not piece:
                break
            pieces.append(piece)
            wanted = None if wanted is None else wanted - len(piece)
        return b"".join(pieces)

    def _unpack(self, limit: int) -> bytes:
        """Return a piece; none at the end, where all of the response was read."""
        piece = self._surplus or self._unpack_next(limit)
        self._surplus = piece[limit:]
        return piece[:limit]

    def _unpack_next(self, limit: int) -> bytes:
        decoder = self._decoder or self._begin()
        if decoder is None:
            return b""
        while not decoder.eof:
            piece = decoder.decompress(self._packed, limit)
            self._packed = decoder.unconsumed_tail
            if piece:
                return piece
            if not self._packed and not decoder.eof:
                self._packed = self._body.read(_READ_BYTES)
                if not self._packed:
                    raise http.client.IncompleteRead(b"")
        self._body.read(_READ_BYTES)  # the end of the response, so that it may be kept
        return b""

    def _begin(self) -> _Decoder | None:
        """Return the decoder that fits the first bytes; None if there are none."""
        self._packed = self._body.read(_READ_BYTES)
        if not self._packed:
            return None
        self._decoder = _decoder(self._encoding, self._packed[0])
        return self._decoder


def open_body(response: http.client.HTTPResponse) -> Body | PackedBody:
    """Return the body of a response in the form in which it was sent.

    Raises:
        http.client.HTTPException: It is compressed in a way that was not asked for.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return Body(response)
    return PackedBody(response, encoding)


def _decoder(encoding: str, first: int) -> _Decoder:
    if encoding == "br":
        return _BrotliDecoder()
    if encoding == "gzip":
        return zlib.decompressobj(_GZIP_FORMAT)
    # Called deflate, the zlib format is meant; some servers send it raw (RFC 9110, 8.4.1.2).
    is_zlib = first & 0x0F == _ZLIB_METHOD
    return zlib.decompressobj(_ZLIB_FORMAT if is_zlib else _RAW_FORMAT)


@functools.cache
def _has_bounded_brotli() -> bool:
    """Return whether brotli is installed and unpacks in pieces (brotli 1.2)."""
    try:
        brotli: Any = importlib.import_module("brotli")
    except ImportError:
        return False
    return hasattr(brotli.Decompressor, "can_accept_more_data")
