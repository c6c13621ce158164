"""The original with the proof-of-work plugin of the examples: `hashcash_peer.py KIND [PORT]`.

`server` answers REQUEST_URI with its content and prints `READY PORT`. `client` and `node` ask
127.0.0.1:PORT twice, then with a plugin that pays too little, and print what comes: the content, or
`nothing`.
"""

import asyncio
import logging
import sys
from pathlib import Path

from netaio import Body, Message, MessageType, TCPClient, TCPServer, UDPNode, make_respond_uri_msg

sys.path.append(str(Path(__file__).parents[2] / "examples" / "python"))
from hashcash import HashcashAuthPlugin  # noqa: E402

logging.disable(logging.CRITICAL)
kind = sys.argv[1]


def plugin(bits, pay):
    return HashcashAuthPlugin({"app_id": b"test", "bits": bits, "pay": pay})


async def server():
    served = TCPServer(port=0, interface="127.0.0.1", auth_plugin=plugin(12, 0))

    @served.on(MessageType.REQUEST_URI)
    async def echo(msg, writer):
        return make_respond_uri_msg(msg.body.content, msg.body.uri)

    listener = await asyncio.start_server(served.handle_client, "127.0.0.1", 0)
    print("READY", listener.sockets[0].getsockname()[1], flush=True)
    async with listener:
        await listener.serve_forever()


async def client(pay):
    c = TCPClient("127.0.0.1", int(sys.argv[2]), auth_plugin=plugin(0, pay))
    await c.connect()
    for _ in range(2 if pay else 1):
        try:
            answer = await c.request(b"echo", content=b"paid", timeout=0.5)
            print(answer.body.content.decode(), flush=True)
        except asyncio.TimeoutError:
            print("nothing", flush=True)
    await c.close()


async def node(pay):
    answers = asyncio.Queue()
    n = UDPNode(port=0, interface="127.0.0.1", auth_plugin=plugin(0, pay), ignore_own_ip=False)
    n.add_handler(MessageType.RESPOND_URI, lambda msg, addr: answers.put_nowait(msg))
    await n.start()
    for _ in range(2 if pay else 1):
        body = Body.prepare(b"paid", uri=b"echo")
        n.send(Message.prepare(body, MessageType.REQUEST_URI), ("127.0.0.1", int(sys.argv[2])))
        try:
            answer = await asyncio.wait_for(answers.get(), 0.5)
            print(answer.body.content.decode(), flush=True)
        except asyncio.TimeoutError:
            print("nothing", flush=True)
    n.stop()


async def main():
    if kind == "server":
        await server()
    for pay in (12, 0):
        await {"client": client, "node": node}[kind](pay)


asyncio.run(main())
