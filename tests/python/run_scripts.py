"""Runs scripts on the original: a line of JSON in, what is left in a line out.

A line is {"script": hex, "stack": [hex], "fields": {name: hex}, "timestamp": number}.
"""

import json
import sys

from tapescript.classes import Stack, Tape
from tapescript.functions import run_tape


def shown(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return repr(value)


for line in sys.stdin:
    line = json.loads(line)
    tape, stack = Tape(bytes.fromhex(line["script"])), Stack()
    for item in line["stack"]:
        stack.put(bytes.fromhex(item))
    cache = {name: bytes.fromhex(value) for name, value in line["fields"].items()}
    cache["timestamp"] = line["timestamp"]
    error = None
    # The original's own errors are no Exceptions.
    try:
        run_tape(tape, stack, cache)
    except BaseException as why:
        error = [type(why).__name__, str(why)]
    items = [stack.get().hex() for _ in range(len(stack))][::-1]
    entries = {key.hex(): shown(value) for key, value in cache.items() if isinstance(key, bytes)}
    print(json.dumps({"error": error, "stack": items, "cache": entries}), flush=True)
