"""The client scenario of the original's README: create, read, update, delete, each answer checked."""

import asyncio
import sys
from secrets import token_hex

from netaio import HMACAuthPlugin, MessageType, TCPClient

client = TCPClient(
    sys.argv[1], int(sys.argv[2]), auth_plugin=HMACAuthPlugin(config={"secret": "test"})
)
admin = HMACAuthPlugin(config={"secret": "adminpassword", "hmac_field": "camh"})


def check(response, message_type, content):
    got = (response.header.message_type, response.body.content)
    assert got == (message_type, content), got
    print(message_type.name, content.decode())


async def main():
    await client.connect()
    check(await client.request(b"echo", content=b"test"), MessageType.RESPOND_URI, b"test")
    first, second = (f"testing it{token_hex(4)}".encode() for _ in range(2))
    check(await client.create(b"test1", first, auth_plugin=admin), MessageType.OK, b"stored")
    check(await client.request(b"test1"), MessageType.RESPOND_URI, first)
    check(await client.update(b"test1", second, auth_plugin=admin), MessageType.OK, b"stored")
    check(await client.request(b"test1"), MessageType.RESPOND_URI, second)
    check(await client.delete(b"test1", auth_plugin=admin), MessageType.OK, b"deleted")
    check(await client.request(b"test1"), MessageType.NOT_FOUND, b"not found")
    await client.close()
    print("DONE")


asyncio.run(main())
