"""Calls `guarded-echo` through the original's X25519 cipher: `boxes.py HOST PORT`."""

import asyncio
import logging
import sys

from netaio import MessageType, TCPClient
from profiles import PROFILES, local_peer

logging.disable(logging.CRITICAL)


async def main():
    outer, inner = PROFILES["x25519"]("client")
    peer = local_peer("x25519", "client")
    c = TCPClient(sys.argv[1], int(sys.argv[2]), local_peer=peer, **outer)
    await c.connect()
    # A call that reads for itself opens its inner cipher twice.
    await c.start_receive_loop()
    await c.manage_peers_automatically()
    while not c.peers:
        await asyncio.sleep(0.01)
    for length in (0, 1, 63, 64, 65, 60_000):
        content = bytes([7]) * length
        reply = await c.request(b"guarded-echo", content=content, **inner)
        assert reply.header.message_type == MessageType.RESPOND_URI, reply
        assert reply.body.content == content
    await c.close()
    print("DONE", flush=True)


asyncio.run(asyncio.wait_for(main(), 20))
