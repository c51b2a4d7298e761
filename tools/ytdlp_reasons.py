"""Lists the reasons that yt-dlp gives for YouTube, and the code each is placed under.

    python -m tools.ytdlp_reasons             the texts of the installed yt-dlp that nobody has placed
    python -m tools.ytdlp_reasons --all       all of them, with the class each is raised as

The texts are read from yt-dlp's sources with `ast`: what is raised, reported as an error, or
warned of, in the modules that a YouTube video passes through. They are placed by hand, in
`tools/ytdlp_reasons.toml`; tests/unit/test_ytdlp_reasons.py holds `classify` to it, and
`tools.failure_table` makes docs/failures.md of it.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yt_dlp

PACKAGE = Path(yt_dlp.__path__[0])
PLACEMENTS_FILE = Path(__file__).with_suffix(".toml")
#: The modules that a YouTube video passes through, below yt-dlp's package.
MODULES = (
    "YoutubeDL.py",
    "downloader/common.py",
    "downloader/dash.py",
    "downloader/fragment.py",
    "downloader/hls.py",
    "downloader/http.py",
    "extractor/common.py",
    "extractor/youtube/_base.py",
    "extractor/youtube/_video.py",
    "extractor/youtube/jsc/*.py",
    "extractor/youtube/jsc/_builtin/*.py",
    "extractor/youtube/pot/*.py",
    "networking/_helper.py",
    "networking/_requests.py",
    "networking/_urllib.py",
    "networking/common.py",
    "networking/exceptions.py",
    "utils/_utils.py",
    "utils/networking.py",
)
#: Methods that raise or warn, with the class of what they raise.
METHODS = {
    "raise_geo_restricted": "GeoRestrictedError",
    "raise_login_required": "ExtractorError",
    "raise_no_formats": "ExtractorError",
    "report_error": "DownloadError",
    "report_warning": "warning",
    "_report_alerts": "ExtractorError",
    "warning": "warning",
}
#: Only these modules warn of reasons of a video.
_WARNING_MODULES = "extractor/"
#: Caught inside yt-dlp, which then warns.
_CAUGHT = ("JsChallengeProvider", "PoTokenProvider", "XAttr", "UnsafeExec")
#: Mistakes of the caller, not reasons of a video.
_OWN_MISTAKES = frozenset(
    {
        "AssertionError",
        "AttributeError",
        "ImportError",
        "IndexError",
        "KeyError",
        "NotImplementedError",
        "StopIteration",
        "SyntaxError",
        "TypeError",
        "ValueError",
    }
)
#: Names and operators followed to a text.
MAX_DEPTH = 3
#: Wrappers that return their first argument with something added.
_TRANSPARENT_CALLS = frozenset({"bug_reports_message", "clean_html", "str"})


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A text of yt-dlp.

    Attributes:
        text: With "{}" for what is filled in at run time.
        raised_as: The exception's class, or "warning".
        module: Below yt-dlp's package.
    """

    text: str
    raised_as: str
    module: str


def installed_reasons() -> list[Reason]:
    """Return the reasons of the installed yt-dlp, sorted, each text once a class."""
    found: dict[tuple[str, str], Reason] = {}
    for pattern in MODULES:
        for path in sorted(PACKAGE.glob(pattern)):
            module = path.relative_to(PACKAGE).as_posix()
            for text, raised_as in texts_in(ast.parse(path.read_text("utf-8"))):
                if not _counts(module, raised_as):
                    continue
                reason = Reason(text, raised_as, module)
                found.setdefault((text, raised_as), reason)
    return sorted(found.values())


def _counts(module: str, raised_as: str) -> bool:
    if raised_as == "warning":
        return module.startswith(_WARNING_MODULES)
    return not raised_as.startswith(_CAUGHT)


def texts_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the texts of a module, with the class each is raised as."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            yield from _texts_of_function(scope)
        if isinstance(scope, ast.ClassDef) and scope.name.endswith("Error"):
            yield from _texts_of_class(scope)


def _texts_of_function(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    raised_as = METHODS.get(function.name)
    if raised_as is not None:  # a default text
        for default in function.args.defaults:
            yield from ((text, raised_as) for text in _strings(default, {}))
    names = _assigned_strings(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and (raised_as := _raised_as(node)):
            arguments = [*node.args[:1], *_keyword_texts(node)]
            for argument in arguments:
                yield from ((text, raised_as) for text in _strings(argument, names))


def _texts_of_class(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield `msg = "…"` of an exception's class."""
    for node in definition.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "msg":
            yield from ((text, definition.name) for text in _strings(node.value, {}))


def _keyword_texts(call: ast.Call) -> list[ast.expr]:
    return [k.value for k in call.keywords if k.arg in {"msg", "message"}]


def _raised_as(call: ast.Call) -> str | None:
    """Return the class that a call raises, "warning", or None for other calls."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in METHODS:
        return METHODS[name]
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    is_error = name.endswith(("Error", "Request", "Handlers", "Restricted", "Video"))
    return (
        name if is_error and name[:1].isupper() and name not in _OWN_MISTAKES else None
    )


def _assigned_strings(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name in a function."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node.value)
    return found


def _strings(
    node: ast.expr, names: dict[str, list[ast.expr]], depth: int = 0
) -> list[str]:
    """Return the texts that an expression may have, "{}" for what is not known."""
    if depth > MAX_DEPTH:
        return []
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = _template(node).strip()
        return [text] if text.strip(" {}:;.-\r\n") else []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = _strings(node.left, names, depth + 1) or ["{}"]
        right = _strings(node.right, names, depth + 1) or ["{}"]
        joined = [f"{one}{other}" for one in left for other in right]
        return [text for text in joined if text.strip(" {}")]
    parts = _parts(node, names)
    return [text for part in parts for text in _strings(part, names, depth + 1)]


def _parts(
    node: ast.expr, names: Mapping[str, Sequence[ast.expr]]
) -> Sequence[ast.expr]:
    """Return the expressions of which one is the value of another."""
    match node:
        case ast.BinOp(op=ast.Mod()):
            return [node.left]
        case ast.BoolOp(values=values):
            return values
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.Name(id=name):
            return names.get(name, [])
        case ast.Call(func=ast.Name(id=name), args=args) if name in _TRANSPARENT_CALLS:
            return args[:1]
        case _:
            return []


def _template(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}"
        for part in node.values
    )


@dataclass(frozen=True, slots=True)
class Placements:
    """What was decided by hand: tools/ytdlp_reasons.toml.

    Attributes:
        errors: The code of each text that ends an attempt.
        warnings: The code of each text that is warned of; "no_reason" of a harmless one.
        not_reached: Texts that an attempt of ours cannot meet.
        examples: What stands for a text whose "{}" are its whole meaning.
        youtube: YouTube's own reasons: (text, code, source).
    """

    errors: Mapping[str, str]
    warnings: Mapping[str, str]
    not_reached: frozenset[str]
    examples: Mapping[str, str]
    youtube: tuple[tuple[str, str, str], ...]

    def code_of(self, reason: Reason) -> str | None:
        """Return the code a text is placed under; "not_reached", or None for a new text."""
        if reason.text in self.not_reached:
            return "not_reached"
        texts = self.warnings if reason.raised_as == "warning" else self.errors
        return texts.get(reason.text)

    def example_of(self, reason: Reason) -> str:
        """Return the text as it may be met at run time."""
        return self.examples.get(reason.text) or reason.text.replace("{}", "X")


def placements() -> Placements:
    """Return the placements in tools/ytdlp_reasons.toml."""
    found = tomllib.loads(PLACEMENTS_FILE.read_text("utf-8"))
    return Placements(
        errors=_by_text(found["errors"]),
        warnings=_by_text(found["warnings"]),
        not_reached=frozenset(found["not_reached"]["texts"]),
        examples=found["examples"],
        youtube=tuple(
            (each["text"], code, each["source"])
            for code, reasons in found["youtube"].items()
            for each in reasons
        ),
    )


def _by_text(texts_by_code: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {text: code for code, texts in texts_by_code.items() for text in texts}


def main(arguments: Sequence[str]) -> None:
    """Print the texts that are not placed, or all."""
    placed = placements()
    for reason in installed_reasons():
        if "--all" in arguments or placed.code_of(reason) is None:
            place = f"{reason.raised_as:20} {reason.module:32}"
            sys.stdout.write(f"{place} {reason.text!r}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
