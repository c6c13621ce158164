"""Repeats what it has signed, as programs on the original package do: `repeats.py KIND HOST PORT`.

It prints the number of the type of each answer, one a line.

`udp`: a node that sends one REQUEST_URI object three times, then one CREATE_URI object twice.
`tcp`: a client whose peer management has an inner auth plugin connects three times, and asks
`peers` for the number of peers each time; it prints that as well.
"""

import asyncio
import logging
import sys

from netaio import Body, DefaultPeerPlugin, Message, MessageType, Peer, TCPClient, UDPNode
from profiles import hmac

logging.disable(logging.CRITICAL)
kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def message(message_type, uri):
    return Message.prepare(Body.prepare(b"content", uri=uri), message_type)


async def udp():
    answers = asyncio.Queue()
    node = UDPNode(port=0, interface="127.0.0.1", auth_plugin=hmac("test"), ignore_own_ip=False)
    for message_type in (MessageType.RESPOND_URI, MessageType.OK, MessageType.AUTH_ERROR):
        node.add_handler(message_type, lambda msg, addr: answers.put_nowait(msg))
    # An AUTH_ERROR to a message that was refused is not signed.
    node.handle_auth_error = lambda *args: None
    await node.start()
    for message_type, times in ((MessageType.REQUEST_URI, 3), (MessageType.CREATE_URI, 2)):
        repeated = message(message_type, b"echo")
        for _ in range(times):
            node.send(repeated, (host, port))
            try:
                answer = await asyncio.wait_for(answers.get(), 1)
                print(answer.header.message_type.value, flush=True)
            except asyncio.TimeoutError:
                print("none", flush=True)
    node.stop()


async def tcp():
    peer = Peer(set(), id=b"original", data=DefaultPeerPlugin().encode_data({}))
    client = TCPClient(host, port, local_peer=peer, auth_plugin=hmac("test"))
    await client.manage_peers_automatically(auth_plugin=hmac("test2", "hmac2"))
    for _ in range(3):
        await client.connect()
        answer = await client.request(b"peers")
        print(answer.header.message_type.value, answer.body.content.decode(), flush=True)
        await client.close()


asyncio.run({"udp": udp, "tcp": tcp}[kind]())
