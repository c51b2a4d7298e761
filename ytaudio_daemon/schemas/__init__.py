"""The documents that programs read: their types, and the JSON Schemas made of them.

A document is a TypedDict; the function that builds it returns that type. The docstring
and the annotations of its fields are the descriptions in its JSON Schema, which
`tools/schemas.py` writes to `<name>-<version>.json` beside this file. The REST API's
OpenAPI description is made of the same types (`api.openapi`).

Fields are only ever added; null is never left out.
"""
