"""Times scripts on the original: a line of JSON in, the seconds for each out.

A line is {"scripts": [hex], "fields": {name: hex}, "times": N}; the scripts are run as a sequence that
must open its lock.
"""

import json
import sys
from time import perf_counter

from tapescript import run_auth_scripts

for line in sys.stdin:
    line = json.loads(line)
    scripts = [bytes.fromhex(script) for script in line["scripts"]]
    fields = {name: bytes.fromhex(value) for name, value in line["fields"].items()}
    assert run_auth_scripts(scripts, fields)
    start = perf_counter()
    for _ in range(line["times"]):
        run_auth_scripts(scripts, fields)
    print((perf_counter() - start) / line["times"], flush=True)
