"""The plugins of the profiles, on the original package: PROFILES[name](role) makes (outer, inner).

Both are the arguments of a node or a call. The role, `server` or `client`, tells whose keys to use.
"""

from hashlib import sha256

from netaio import DefaultPeerPlugin, HMACAuthPlugin, Peer, Sha256StreamCipherPlugin


def hmac(secret, field="hmac"):
    return HMACAuthPlugin({"secret": secret, "hmac_field": field})


def stream(key, **options):
    return Sha256StreamCipherPlugin({"key": key, **options})


def x25519(role):
    from netaio.asymmetric import X25519CipherPlugin
    return X25519CipherPlugin({"seed": sha256(f"netaio interop seed {role}".encode()).digest()})


def plugins(auth=None, cipher=None):
    return {"auth_plugin": auth, "cipher_plugin": cipher}


def sealed():
    return plugins(hmac("test"), stream("test"))


def sealed_within():
    return plugins(hmac("test2", "hmac2"), stream("test2", iv_field="iv2", encrypt_uri=False))


PROFILES = {
    "plain": lambda role: (plugins(), plugins()),
    "readme": lambda role: (plugins(hmac("test")), plugins(hmac("adminpassword", "camh"))),
    "cipher": lambda role: (sealed(), plugins()),
    "two-layer": lambda role: (sealed(), sealed_within()),
    "x25519": lambda role: (plugins(), plugins(cipher=x25519(role))),
}


def local_peer(profile, role):
    """The peer as which a node of this profile makes itself known, if it does."""
    if profile != "x25519":
        return None
    keys = x25519(role)
    data = {"name": role, "pubkey": bytes(keys.pubk), "vkey": bytes(keys.vkey)}
    return Peer(set(), id=role.encode(), data=DefaultPeerPlugin().encode_data(data))
