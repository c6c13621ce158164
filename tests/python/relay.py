"""Joins network interfaces as a bad cable would: `relay.py LOSS INTERFACE...`.

Of all frames LOSS percent are lost and 10 percent come twice; each is late by up to 0.2 s, so that
they overtake one another. It needs the right to use raw sockets, and ends when its input does.
"""

import heapq
import itertools
import random
import select
import socket
import sys
import time

ALL, IPV4, UDP, OUTGOING = 3, b"\x08\x00", 17, 4

loss = int(sys.argv[1]) / 100
sockets = []
for interface in sys.argv[2:]:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    raw.bind((interface, ALL))
    sockets.append(raw)
late, order = [], itertools.count()
print("READY", flush=True)


def without_checksum(frame):
    """A virtual interface leaves the checksum of UDP to the hardware that it lacks: drop it."""
    frame = bytearray(frame)
    if frame[12:14] == IPV4 and frame[23] == UDP and not (frame[20] & 0x1F or frame[21]):
        at = 14 + 4 * (frame[14] & 15) + 6
        frame[at : at + 2] = b"\0\0"
    return frame


while True:
    wait = max(0, late[0][0] - time.monotonic()) if late else None
    ready, _, _ = select.select([*sockets, sys.stdin], [], [], wait)
    if sys.stdin in ready:
        break
    for raw in ready:
        frame, (_, _, kind, *_) = raw.recvfrom(65536)
        if kind == OUTGOING:
            continue
        frame = without_checksum(frame)
        for other in sockets:
            for _ in range(2 if random.random() < 0.1 else 1):
                if other is not raw and random.random() >= loss:
                    due = time.monotonic() + random.random() * 0.2
                    heapq.heappush(late, (due, next(order), other, frame))
    while late and late[0][0] <= time.monotonic():
        _, _, other, frame = heapq.heappop(late)
        try:
            other.send(frame)
        except OSError:
            pass  # The host at the other end has gone.
