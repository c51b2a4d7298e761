"""The command: mutate, try, keep what breaks."""

import argparse
import hashlib
import random
import sys
import time
import traceback
from pathlib import Path

from fuzz.targets import BINARY_SEEDS, TARGETS

CORPUS = Path(__file__).parent / "corpus"
TOKENS = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\xe2\x80\xa8", b'"', b"#",
    b"=", b"tag.title=", b"https://youtu.be/", b"%(title)s", b"\xed\xa0\x80", b"1e999",
    b"\xe2\x80\xa9", b"<!--", b"<a href=", b"%3A%2F%2F", b"&amp;", b"\\/", b"\n  ", b"\t",
    b"NaN", b"-1", b"99999999999999999999", b"[", b"]", b"{", b"}", b"\\ud800", b"..",
]  # fmt: skip


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return the bytes with a few changes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(changed))
        end = min(len(changed), at + chance.choice([0, 1, 2, 8, 64]))
        changed[at:end] = chance.choice(
            [
                b"",
                bytes(changed[at:end]) * chance.choice([2, 3, 100]),
                chance.choice(TOKENS),
                chance.randbytes(chance.randint(1, 4)),
                other[at : at + 40],
            ]
        )
    return bytes(changed[: 64 << 10])


def seeds(target: str) -> list[bytes]:
    """Return what mutations start from."""
    files = sorted((CORPUS / target).iterdir())
    return [file.read_bytes() for file in files] + BINARY_SEEDS.get(target, [])


def main() -> int:
    """Fuzz until the time is up; 1 if something broke."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    told = parser.parse_args()
    chance = random.Random(told.seed)  # noqa: S311 - to be repeated, not secret
    pool, tried, found = seeds(told.target), 0, 0
    end = time.monotonic() + told.minutes * 60
    while time.monotonic() < end:
        data = mutated(chance.choice(pool), chance.choice(pool), chance)
        tried += 1
        try:
            TARGETS[told.target](data)
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            found += 1
            traceback.print_exc()
            digest = hashlib.sha256(data).hexdigest()[:12]
            (CORPUS / told.target / f"found-{digest}").write_bytes(data)
        if len(pool) < 5000 and chance.random() < 0.02:
            pool.append(data)
    print(f"{told.target}: seed {told.seed}, {tried} inputs, {found} findings")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
