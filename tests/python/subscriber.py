"""Subscribes to `news` and stays: `subscriber.py HOST PORT`; says SUBSCRIBED when confirmed."""

import asyncio
import logging
import sys

from netaio import Body, HMACAuthPlugin, Message, MessageType, TCPClient

logging.disable(logging.CRITICAL)


async def main():
    c = TCPClient(sys.argv[1], int(sys.argv[2]), auth_plugin=HMACAuthPlugin({"secret": "test"}))
    await c.connect()
    body = Body.prepare(b"", uri=b"news")
    await c.send(Message.prepare(body, MessageType.SUBSCRIBE_URI))
    reply = await c.receive_once()
    assert reply.header.message_type == MessageType.CONFIRM_SUBSCRIBE, reply
    print("SUBSCRIBED", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
