"""The sample application on the original package: `server.py PROFILE`, as in profiles.py.

It takes a free port and prints `READY PORT`.
"""

import asyncio
import logging
import sys

from netaio import (
    Body,
    Message,
    MessageType,
    TCPServer,
    make_error_msg,
    make_not_found_msg,
    make_ok_msg,
    make_respond_uri_msg,
)
from profiles import PROFILES, local_peer

profile = sys.argv[1]
outer, inner = PROFILES[profile]("server")

logging.disable(logging.CRITICAL)
server = TCPServer(port=0, interface="127.0.0.1", local_peer=local_peer(profile, "server"), **outer)
store = {}


@server.on(MessageType.CREATE_URI, **inner)
async def create(msg, writer):
    if msg.body.uri in store:
        return make_error_msg("cannot overwrite", msg.body.uri)
    store[msg.body.uri] = msg.body.content
    return make_ok_msg(b"stored", msg.body.uri)


@server.on(MessageType.REQUEST_URI)
async def request(msg, writer):
    if msg.body.uri not in store:
        return make_not_found_msg(uri=msg.body.uri)
    return make_respond_uri_msg(store[msg.body.uri], msg.body.uri)


@server.on((MessageType.REQUEST_URI, b"echo"))
async def echo(msg, writer):
    return make_respond_uri_msg(msg.body.content, b"echo")


@server.on((MessageType.REQUEST_URI, b"guarded-echo"), **inner)
async def guarded_echo(msg, writer):
    return make_respond_uri_msg(msg.body.content, b"guarded-echo")


@server.on(MessageType.UPDATE_URI, **inner)
async def update(msg, writer):
    if msg.body.uri not in store:
        return make_not_found_msg(uri=msg.body.uri)
    store[msg.body.uri] = msg.body.content
    return make_ok_msg(b"stored", msg.body.uri)


@server.on(MessageType.DELETE_URI, **inner)
async def delete(msg, writer):
    if store.pop(msg.body.uri, None) is None:
        return make_not_found_msg(uri=msg.body.uri)
    return make_ok_msg(b"deleted", msg.body.uri)


@server.on(MessageType.SUBSCRIBE_URI)
async def subscribe(msg, writer):
    server.subscribe(msg.body.uri, writer)
    return Message.prepare(Body.prepare(b"", uri=msg.body.uri), MessageType.CONFIRM_SUBSCRIBE)


@server.on(MessageType.UNSUBSCRIBE_URI)
async def unsubscribe(msg, writer):
    server.unsubscribe(msg.body.uri, writer)
    return Message.prepare(Body.prepare(b"", uri=msg.body.uri), MessageType.CONFIRM_UNSUBSCRIBE)


@server.on(MessageType.PUBLISH_URI)
async def publish(msg, writer):
    body = Body.prepare(msg.body.content, uri=msg.body.uri)
    await server.notify(msg.body.uri, Message.prepare(body, MessageType.NOTIFY_URI))
    return make_ok_msg(b"published", msg.body.uri)


async def main():
    if server.local_peer:
        await server.manage_peers_automatically()
    # The original keeps its listener to itself: accept with its own connection handler instead.
    listener = await asyncio.start_server(server.handle_client, "127.0.0.1", 0)
    print("READY", listener.sockets[0].getsockname()[1], flush=True)
    async with listener:
        await listener.serve_forever()


asyncio.run(main())
