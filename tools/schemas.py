"""Write the shipped JSON Schemas from the types in `ytaudio_daemon/schemas`.

    python -m tools.schemas

A test holds the files to the types: `tests/unit/test_schemas.py`.
"""

import json
from pathlib import Path

import ytaudio_daemon
from ytaudio_daemon.schemas.shipped import shipped_schemas

FOLDER = Path(ytaudio_daemon.__path__[0], "schemas")


def schema_files() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in shipped_schemas().items()
    }


def main() -> None:
    """Write every file, and remove those of forms that are no more."""
    files = schema_files()
    for path in FOLDER.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        FOLDER.joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
