"""Assembles and disassembles on the original: a line of JSON in, what came of it in a line out.

A line is {"source": text} or {"code": hex, "indent": number}. The answer is {"code": hex}, {"lines":
[text], "again": hex or the class of an error}, or {"error": class}.
"""

import json
import sys

from tapescript.parsing import compile_script, decompile_script


def told(work):
    # The original's own errors are no Exceptions.
    try:
        return work()
    except BaseException as why:
        return {"error": type(why).__name__}


def disassembled(code, indent):
    lines = decompile_script(code, indent)
    again = told(lambda: compile_script("\n".join(lines)).hex())
    return {"lines": lines, "again": again["error"] if isinstance(again, dict) else again}


for line in sys.stdin:
    line = json.loads(line)
    if "source" in line:
        answer = told(lambda: {"code": compile_script(line["source"]).hex()})
    else:
        answer = told(lambda: disassembled(bytes.fromhex(line["code"]), line["indent"]))
    print(json.dumps(answer), flush=True)
