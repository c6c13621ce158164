"""Checks a server with the original's client: `checks.py HOST PORT PROFILE`, as in profiles.py."""

import asyncio
import logging
import sys

from netaio import Body, Message, MessageType, TCPClient
from profiles import PROFILES

logging.disable(logging.CRITICAL)
host, port = sys.argv[1], int(sys.argv[2])
outer, inner = PROFILES[sys.argv[3]]("client")


def client():
    return TCPClient(host, port, **outer)


def message(message_type, uri, content=b""):
    return Message.prepare(Body.prepare(content, uri=uri), message_type)


def got(message, message_type, content, uri):
    seen = (message.header.message_type, message.body.content, message.body.uri)
    assert seen == (message_type, content, uri), seen


async def verbs():
    c = client()
    await c.connect()
    # A call that reads for itself opens its inner cipher twice.
    await c.start_receive_loop()
    got(await c.create(b"u", b"one", **inner), MessageType.OK, b"stored", b"u")
    got(await c.create(b"u", b"x", **inner), MessageType.ERROR, b"cannot overwrite", b"u")
    got(await c.request(b"u"), MessageType.RESPOND_URI, b"one", b"u")
    got(await c.update(b"u", b"two", **inner), MessageType.OK, b"stored", b"u")
    got(await c.update(b"v", b"x", **inner), MessageType.NOT_FOUND, b"not found", b"v")
    got(await c.delete(b"u", **inner), MessageType.OK, b"deleted", b"u")
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


def guessed(plugins):
    """The same plugins, but for the secret of the auth plugin."""
    auth = plugins["auth_plugin"]
    config = {"secret": "guess", "hmac_field": auth.hmac_field}
    return {**plugins, "auth_plugin": type(auth)(config)}


async def wrong_secrets():
    c = TCPClient(host, port, **guessed(outer))
    await c.connect()
    await c.send(message(MessageType.REQUEST_URI, b"echo"))
    # Without plugins the original's client lets the bare error through; its uri is as sent, unless
    # that was sealed.
    c.auth_plugin = c.cipher_plugin = None
    uri = b"ERROR" if outer["cipher_plugin"] else b"echo"
    got(await c.receive_once(), MessageType.AUTH_ERROR, b"HMAC auth failed", uri)
    await c.close()

    if not inner["auth_plugin"]:
        return
    c = client()
    await c.connect()
    await c.send(message(MessageType.CREATE_URI, b"w", b"x"), **guessed(inner))
    got(await c.receive_once(), MessageType.AUTH_ERROR, b"HMAC auth failed", b"w")
    got(await c.request(b"w"), MessageType.NOT_FOUND, b"not found", b"w")
    await c.close()


async def subscribe():
    c, other = client(), client()
    await c.connect()
    await other.connect()
    await c.send(message(MessageType.SUBSCRIBE_URI, b"news"))
    got(await c.receive_once(), MessageType.CONFIRM_SUBSCRIBE, b"", b"news")
    await other.send(message(MessageType.PUBLISH_URI, b"news", b"rain"))
    got(await other.receive_once(), MessageType.OK, b"published", b"news")
    got(await c.receive_once(), MessageType.NOTIFY_URI, b"rain", b"news")
    await c.send(message(MessageType.UNSUBSCRIBE_URI, b"news"))
    got(await c.receive_once(), MessageType.CONFIRM_UNSUBSCRIBE, b"", b"news")
    await c.close()
    await other.close()


async def main():
    for check in (verbs, concurrent, wrong_secrets, subscribe):
        await asyncio.wait_for(check(), 20)
        print(check.__name__, flush=True)
    print("DONE", flush=True)


asyncio.run(main())
