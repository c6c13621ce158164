"""The sample application on the original's UDP node: `udp_node.py HOST PORT PROFILE ROLE`.

It prints `READY udp PORT` and obeys the driver lines that the tests need: request, create, update,
delete, call, manage_peers, stop_peers, peers, subscriptions, notify, quit.
"""

import asyncio
import json
import logging
import sys

from netaio import (
    Body,
    Message,
    MessageType,
    DefaultPeerPlugin,
    Peer,
    UDPNode,
    make_error_msg,
    make_not_found_msg,
    make_ok_msg,
    make_respond_uri_msg,
)
from profiles import PROFILES, local_peer

host, port, profile, role = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
kind = role.rstrip("0123456789")
outer, inner = PROFILES[profile](kind)
logging.disable(logging.CRITICAL)


def nobody(message, addr):
    """Answers requests alone, so that two nodes do not answer each other for ever."""
    if message.header.message_type.value in (0, 2, 3, 4, 5, 6, 7):
        return make_not_found_msg(uri=message.body.uri)


name = Peer(set(), id=role.encode(), data=DefaultPeerPlugin().encode_data({"name": role}))
node = UDPNode(
    port=port,
    interface=host,
    local_peer=local_peer(profile, kind) or name,
    default_handler=nobody,
    ignore_own_ip=False,
    **outer,
)
store = {}


def confirmed(message_type, uri):
    return Message.prepare(Body.prepare(b"", uri=uri), message_type)


@node.on(MessageType.CREATE_URI, **inner)
def create(msg, addr):
    if msg.body.uri in store:
        return make_error_msg("cannot overwrite", msg.body.uri)
    store[msg.body.uri] = msg.body.content
    return make_ok_msg(b"stored", msg.body.uri)


@node.on(MessageType.REQUEST_URI)
def request(msg, addr):
    if msg.body.uri not in store:
        return make_not_found_msg(uri=msg.body.uri)
    return make_respond_uri_msg(store[msg.body.uri], msg.body.uri)


@node.on((MessageType.REQUEST_URI, b"echo"))
def echo(msg, addr):
    return make_respond_uri_msg(msg.body.content, b"echo")


@node.on((MessageType.REQUEST_URI, b"guarded-echo"), **inner)
def guarded_echo(msg, addr):
    return make_respond_uri_msg(msg.body.content, b"guarded-echo")


@node.once((MessageType.REQUEST_URI, b"once"))
def once(msg, addr):
    return make_respond_uri_msg(b"once", b"once")


@node.on(MessageType.UPDATE_URI, **inner)
def update(msg, addr):
    if msg.body.uri not in store:
        return make_not_found_msg(uri=msg.body.uri)
    store[msg.body.uri] = msg.body.content
    return make_ok_msg(b"stored", msg.body.uri)


@node.on(MessageType.DELETE_URI, **inner)
def delete(msg, addr):
    if store.pop(msg.body.uri, None) is None:
        return make_not_found_msg(uri=msg.body.uri)
    return make_ok_msg(b"deleted", msg.body.uri)


@node.on(MessageType.SUBSCRIBE_URI)
def subscribe(msg, addr):
    node.subscribe(msg.body.uri, addr)
    return confirmed(MessageType.CONFIRM_SUBSCRIBE, msg.body.uri)


@node.on(MessageType.UNSUBSCRIBE_URI)
def unsubscribe(msg, addr):
    node.unsubscribe(msg.body.uri, addr)
    return confirmed(MessageType.CONFIRM_UNSUBSCRIBE, msg.body.uri)


CALLS = {"request": 0, "create": 2, "update": 3, "delete": 4}


async def call(line):
    code = CALLS.get(line["op"], line.get("type"))
    plugins = inner if line.get("inner") else {}
    reply = await node.request(
        bytes.fromhex(line.get("uri", "")),
        tuple(line["to"]),
        timeout=line.get("timeout", 10),
        message_type=MessageType(code),
        content=bytes.fromhex(line.get("content", "")),
        **plugins,
    )
    body = reply.body
    reply = {"type": reply.header.message_type.value, "uri": body.uri.hex()}
    return {"reply": {**reply, "content": body.content.hex()}}


async def obey(line):
    op, app_id = line["op"], bytes.fromhex(line.get("app_id", b"netaio".hex()))
    if op == "manage_peers":
        await node.manage_peers_automatically(
            line.get("every", 20), app_id, line.get("timeout", 60)
        )
        return {}
    if op == "stop_peers":
        await node.stop_peer_management(app_id)
        return {}
    if op == "peers":
        return {"peers": [{"id": id.hex(), "data": p.data.hex()} for id, p in node.peers.items()]}
    if op == "notify":
        body = Body.prepare(bytes.fromhex(line["content"]), uri=bytes.fromhex(line["uri"]))
        node.notify(bytes.fromhex(line["uri"]), Message.prepare(body, MessageType.NOTIFY_URI))
        return {}
    if op == "quit":
        return {}
    return await call(line)


async def answer(line):
    try:
        members = {"ok": True, **await obey(line)}
    except Exception as error:
        text = "timeout" if "timed out" in str(error) or isinstance(error, TimeoutError) else repr(error)
        members = {"ok": False, "error": text}
    print(json.dumps({"id": line["id"], **members}), flush=True)


async def main():
    await node.start()
    print("READY udp", node.transport.get_extra_info("sockname")[1], flush=True)
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    tasks = set()
    while line := await reader.readline():
        line = json.loads(line)
        task = asyncio.create_task(answer(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if line["op"] == "quit":
            break
    if tasks:
        await asyncio.wait(tasks, timeout=1)
    await node.stop()


asyncio.run(main())
