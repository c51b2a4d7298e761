"""The JSON Schemas are made of the types, and the types are what is built."""

import json
import sys
from subprocess import check_output
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from tools.schemas import FOLDER, schema_files
from ytaudio_daemon.api.response_models import COMBINED, StatusCounts
from ytaudio_daemon.api.vocabulary import Status
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.schemas.daemon import SessionCounts
from ytaudio_daemon.schemas.fields import Count, Keywords, Time, one_of
from ytaudio_daemon.schemas.job import JobCounts
from ytaudio_daemon.schemas.json_schema import object_schema, schema_of


class Leaf(TypedDict):
    """A leaf."""

    at: Time
    size: Annotated[Count | None, "In bytes."]


class Tree(TypedDict):
    """A tree.

    With leaves.
    """

    schema: Literal["tree/1"]
    kind: Annotated[Annotated[str, one_of(("oak", "elm"))] | None, "Its kind."]
    top: Annotated[Leaf | None, "The highest."]
    leaves: list[Leaf]
    name: NotRequired[Annotated[str, Keywords(min_length=1), "Its name."]]
    heights: Annotated[dict[str, float], "By year."]


LEAF = {
    "type": "object",
    "properties": {
        "at": {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC.",
        },
        "size": {"type": ["integer", "null"], "minimum": 0, "description": "In bytes."},
    },
    "required": ["at", "size"],
}


def test_the_shipped_files_are_those_of_the_types() -> None:
    shipped = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert shipped == schema_files(), "run: python -m tools.schemas"


def test_a_type_becomes_its_schema() -> None:
    assert schema_of(Tree) == {
        "type": "object",
        "description": "A tree. With leaves.",
        "properties": {
            "schema": {"type": "string", "const": "tree/1"},
            "kind": {
                "type": ["string", "null"],
                "enum": ["oak", "elm", None],
                "description": "Its kind.",
            },
            "top": {
                **LEAF,
                "type": ["object", "null"],
                "description": "The highest.",
            },
            "leaves": {"type": "array", "items": {**LEAF, "description": "A leaf."}},
            "name": {"type": "string", "minLength": 1, "description": "Its name."},
            "heights": {
                "type": "object",
                "additionalProperties": {"type": "number"},
                "description": "By year.",
            },
        },
        "required": ["schema", "kind", "top", "leaves", "heights"],
    }


def test_a_type_that_is_described_elsewhere_is_referred_to() -> None:
    properties = object_schema(Tree, {Leaf: "leaf.json"})["properties"]
    assert properties["leaves"]["items"] == {"$ref": "leaf.json"}
    assert properties["top"]["anyOf"] == [{"$ref": "leaf.json"}, {"type": "null"}]


@pytest.mark.parametrize("kind", [bytes, int | str, tuple[int, ...], Any])
def test_a_type_that_json_does_not_have_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="has no JSON Schema"):
        schema_of(kind)


def test_counts_have_a_field_for_each_state() -> None:
    assert list(JobCounts.__annotations__) == [state.value for state in JobState]
    assert list(SessionCounts.__annotations__) == [s.value for s in SessionState]
    assert list(StatusCounts.__annotations__) == [status.value for status in Status]


def test_an_answer_is_the_document_and_the_apis_words() -> None:
    for answer, (document, words) in COMBINED.items():
        both = {**document.__annotations__, **words.__annotations__}
        assert answer.__annotations__ == both


def test_nothing_that_status_imports_needs_pydantic() -> None:
    code = "import sys, ytaudio_daemon.views; print('pydantic' in sys.modules)"
    assert check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_a_schema_is_json() -> None:
    for text in schema_files().values():
        assert json.loads(text)["$schema"]
