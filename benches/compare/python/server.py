"""The Python original as a contestant: `server.py [--udp] [--hmac SECRET] [--cipher KEY]`.

It takes a free port, prints `READY NETWORK PORT`, and answers as the reference server does.
"""

import argparse
import asyncio
import logging

from netaio import (
    Body,
    HMACAuthPlugin,
    Message,
    MessageType,
    Sha256StreamCipherPlugin,
    TCPServer,
    UDPNode,
    make_ok_msg,
    make_respond_uri_msg,
)

parser = argparse.ArgumentParser()
parser.add_argument("--udp", action="store_true")
parser.add_argument("--hmac")
parser.add_argument("--cipher")
args = parser.parse_args()

logging.disable(logging.CRITICAL)
plugins = {}
if args.hmac:
    plugins["auth_plugin"] = HMACAuthPlugin({"secret": args.hmac})
if args.cipher:
    plugins["cipher_plugin"] = Sha256StreamCipherPlugin({"key": args.cipher})
if args.udp:
    server = UDPNode(port=0, interface="127.0.0.1", ignore_own_ip=False, **plugins)
else:
    server = TCPServer(port=0, interface="127.0.0.1", **plugins)


@server.on(MessageType.REQUEST_URI)
def read(message, _):
    return make_respond_uri_msg(message.body.content, message.body.uri)


@server.on(MessageType.SUBSCRIBE_URI)
def subscribe(message, subscriber):
    server.subscribe(message.body.uri, subscriber)
    return Message.prepare(Body.prepare(b"", uri=message.body.uri), MessageType.CONFIRM_SUBSCRIBE)


@server.on(MessageType.PUBLISH_URI)
async def publish(message, _):
    body = Body.prepare(message.body.content, uri=message.body.uri)
    await server.notify(message.body.uri, Message.prepare(body, MessageType.NOTIFY_URI))
    return make_ok_msg(message.body.content, message.body.uri)


async def main():
    if args.udp:
        await server.start()
        print("READY udp", server.transport.get_extra_info("sockname")[1], flush=True)
        await asyncio.Event().wait()
    # The original keeps its listener to itself: accept with its own connection handler instead.
    listener = await asyncio.start_server(server.handle_client, "127.0.0.1", 0, backlog=1024)
    print("READY tcp", listener.sockets[0].getsockname()[1], flush=True)
    async with listener:
        await listener.serve_forever()


asyncio.run(main())
