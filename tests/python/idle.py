"""Holds idle connections to a server: `idle.py PORT PID COUNT [message]`.

Prints the server's resident memory per connection, fresh or after one plain echo each. Loopback only;
ends by itself.
"""

import resource
import socket
import sys
import time

port, pid, count = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))

# REQUEST_URI echo with the content "hi", without auth fields.
import zlib

body = b"\x00\x04echohi"
echo = bytes([0, 0, 3, 0, len(body)]) + zlib.crc32(body).to_bytes(4, "big") + b"\x4d\x40\x00" + body


def resident():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


before = resident()
start = time.monotonic()
connections = []
for number in range(count):
    # One source address takes some 28,000 ports; 127.0.0.0/8 has more.
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if "message" in sys.argv:
        connection.sendall(echo)
        reply = connection.recv(100)
        assert reply.endswith(b"echohi"), reply
    connections.append(connection)
connected = time.monotonic() - start
# The last one answers: so all before it are accepted.
connections[-1].sendall(echo)
assert connections[-1].recv(100).endswith(b"echohi")
grown = resident() - before
print(f"{count} connections in {connected:.1f} s, {grown / count:.0f} bytes each")
