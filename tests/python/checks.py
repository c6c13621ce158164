"""Checks a server of the README's profile with the original's client: `checks.py HOST PORT`."""

import asyncio
import logging
import sys

from netaio import HMACAuthPlugin, Body, Message, MessageType, TCPClient

logging.disable(logging.CRITICAL)
host, port = sys.argv[1], int(sys.argv[2])
outer = HMACAuthPlugin({"secret": "test"})
admin = HMACAuthPlugin({"secret": "adminpassword", "hmac_field": "camh"})


def client(secret="test"):
    return TCPClient(host, port, auth_plugin=HMACAuthPlugin({"secret": secret}))


def got(message, message_type, content, uri):
    seen = (message.header.message_type, message.body.content, message.body.uri)
    assert seen == (message_type, content, uri), seen


async def verbs():
    c = client()
    await c.connect()
    got(await c.create(b"u", b"one", auth_plugin=admin), MessageType.OK, b"stored", b"u")
    got(await c.create(b"u", b"x", auth_plugin=admin), MessageType.ERROR, b"cannot overwrite", b"u")
    got(await c.request(b"u"), MessageType.RESPOND_URI, b"one", b"u")
    got(await c.update(b"u", b"two", auth_plugin=admin), MessageType.OK, b"stored", b"u")
    got(await c.update(b"v", b"x", auth_plugin=admin), MessageType.NOT_FOUND, b"not found", b"v")
    got(await c.delete(b"u", auth_plugin=admin), MessageType.OK, b"deleted", b"u")
    got(await c.request(b"u"), MessageType.NOT_FOUND, b"not found", b"u")
    await c.close()


async def concurrent():
    """As many connections as it takes: the original's client confuses calls on one."""
    async def one(number):
        c = client()
        await c.connect()
        content = bytes([number]) * (60_000 if number % 8 == 0 else 10)
        got(await c.request(b"echo", content=content), MessageType.RESPOND_URI, content, b"echo")
        await c.close()

    await asyncio.gather(*(one(number) for number in range(64)))


async def wrong_secrets():
    c = client("guess")
    await c.connect()
    message = Message.prepare(Body.prepare(b"", uri=b"echo"), MessageType.REQUEST_URI)
    await c.send(message)
    # Without an auth plugin the original's client lets the bare error through.
    c.auth_plugin = None
    got(await c.receive_once(), MessageType.AUTH_ERROR, b"HMAC auth failed", b"echo")
    await c.close()

    c = client()
    await c.connect()
    bad = HMACAuthPlugin({"secret": "guess", "hmac_field": "camh"})
    message = Message.prepare(Body.prepare(b"x", uri=b"w"), MessageType.CREATE_URI)
    await c.send(message, auth_plugin=bad)
    got(await c.receive_once(), MessageType.AUTH_ERROR, b"HMAC auth failed", b"w")
    got(await c.request(b"w"), MessageType.NOT_FOUND, b"not found", b"w")
    await c.close()


async def subscribe():
    c, other = client(), client()
    await c.connect()
    await other.connect()
    topic = Message.prepare(Body.prepare(b"", uri=b"news"), MessageType.SUBSCRIBE_URI)
    await c.send(topic)
    got(await c.receive_once(), MessageType.CONFIRM_SUBSCRIBE, b"", b"news")
    publish = Message.prepare(Body.prepare(b"rain", uri=b"news"), MessageType.PUBLISH_URI)
    await other.send(publish)
    got(await other.receive_once(), MessageType.OK, b"published", b"news")
    got(await c.receive_once(), MessageType.NOTIFY_URI, b"rain", b"news")
    leave = Message.prepare(Body.prepare(b"", uri=b"news"), MessageType.UNSUBSCRIBE_URI)
    await c.send(leave)
    got(await c.receive_once(), MessageType.CONFIRM_UNSUBSCRIBE, b"", b"news")
    await c.close()
    await other.close()


async def main():
    for check in (verbs, concurrent, wrong_secrets, subscribe):
        await asyncio.wait_for(check(), 20)
        print(check.__name__, flush=True)
    print("DONE", flush=True)


asyncio.run(main())
