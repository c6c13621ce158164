"""Calls a server of a profile by the original's client: `calls.py PROFILE HOST PORT`."""

import asyncio
import logging
import sys

from netaio import MessageType, TCPClient
from profiles import PROFILES, local_peer

logging.disable(logging.CRITICAL)
profile, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def check(reply, message_type, content):
    got = (reply.header.message_type, reply.body.content)
    assert got == (message_type, content), got


async def main():
    outer, inner = PROFILES[profile]("client")
    peer = local_peer(profile, "client")
    c = TCPClient(host, port, local_peer=peer, **outer)
    await c.connect()
    if peer:
        # A call that reads for itself opens its inner cipher twice.
        await c.start_receive_loop()
        await c.manage_peers_automatically()
        while not c.peers:
            await asyncio.sleep(0.01)
    for length in (0, 1, 900):
        content = bytes([7]) * length
        check(await c.request(b"echo", content=content), MessageType.RESPOND_URI, content)
        reply = await c.request(b"guarded-echo", content=content, **inner)
        check(reply, MessageType.RESPOND_URI, content)
    check(await c.create(b"u", b"one", **inner), MessageType.OK, b"stored")
    check(await c.request(b"u"), MessageType.RESPOND_URI, b"one")
    check(await c.delete(b"u", **inner), MessageType.OK, b"deleted")
    await c.close()
    print("DONE", flush=True)


asyncio.run(asyncio.wait_for(main(), 20))
