"""Proof of work for the original netaio package, as `netaio::plugin::HashcashAuth` has it.

    server = TCPServer(auth_plugin=HashcashAuthPlugin({"app_id": b"weather", "bits": 18, "pay": 0}))
    client = TCPClient(auth_plugin=HashcashAuthPlugin({"app_id": b"weather", "bits": 0, "pay": 18}))

A stamp is 8 bytes in the field `hashcash`; it is worth as many bits as this hash has leading zeros:

    SHA-256(b"netaio-hashcash-1" + len(app_id) + app_id + ts + nonce + body + stamp)

`bits` is what is demanded of others, `pay` what the messages from here are worth; 0 is nothing. A
plugin of the original sees no message type, so who answers sets `pay` to 0 and who asks `bits`.
"""

from hashlib import sha256
from os import urandom
from time import time

from netaio import make_error_msg


class HashcashAuthPlugin:
    def __init__(self, config):
        app_id = config["app_id"]
        self.prefix = b"netaio-hashcash-1" + bytes([len(app_id)]) + app_id
        self.bits, self.pay = config["bits"], config["pay"]
        self.window = config.get("window", (300, 60))
        self.spent = {}

    def worth(self, hashed):
        return 256 - int.from_bytes(hashed.digest(), "big").bit_length()

    def start(self, fields, body):
        hashed = sha256(self.prefix)
        for part in (fields["ts"], fields["nonce"], body.encode()):
            hashed.update(part)
        return hashed

    def make(self, auth_fields, body, node=None, peer=None, peer_plugin=None):
        if not self.pay:
            return
        fields = auth_fields.fields
        fields.setdefault("nonce", urandom(16))
        fields.setdefault("ts", int(time()).to_bytes(4, "big"))
        start, counter = self.start(fields, body), int.from_bytes(urandom(8), "big")
        while True:
            hashed, stamp = start.copy(), counter.to_bytes(8, "big")
            hashed.update(stamp)
            if self.worth(hashed) >= self.pay:
                fields["hashcash"] = stamp
                return
            counter = (counter + 1) % 2**64

    def check(self, auth_fields, body, node=None, peer=None, peer_plugin=None):
        if not self.bits:
            return True
        fields = auth_fields.fields
        for name, length in (("ts", 4), ("nonce", 16), ("hashcash", 8)):
            if not isinstance(fields.get(name), bytes) or len(fields[name]) != length:
                return False
        hashed, now, ts = self.start(fields, body), int(time()), int.from_bytes(fields["ts"], "big")
        hashed.update(fields["hashcash"])
        past, future = self.window
        if self.worth(hashed) < self.bits or not now - past <= ts <= now + future:
            return False
        self.spent = {known: when for known, when in self.spent.items() if when >= now - past}
        return self.spent.setdefault(hashed.digest(), ts) is ts

    def error(self, *args, **kwargs):
        return make_error_msg("proof of work missing")

    def is_peer_specific(self):
        return False
