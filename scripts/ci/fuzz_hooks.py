"""Teaches schemathesis NDJSON: the document describes one line, a body has a few."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    line = json.dumps(value).encode()
    return b"\n".join([line, line, b""])
