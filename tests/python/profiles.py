"""The plugins of the profiles, on the original package: PROFILES[name](role) makes (outer, inner).

Both are the arguments of a node or a call. The role, `server` or `client`, tells whose keys to use.
"""

from hashlib import sha256

from netaio import DefaultPeerPlugin, HMACAuthPlugin, Peer, Sha256StreamCipherPlugin


def hmac(secret, field="hmac"):
    return HMACAuthPlugin({"secret": secret, "hmac_field": field})


def stream(key, **options):
    return Sha256StreamCipherPlugin({"key": key, **options})


def seed(name):
    return sha256(f"netaio interop seed {name}".encode()).digest()


def verify_key(name):
    from nacl.signing import SigningKey

    return bytes(SigningKey(seed(name)).verify_key)


def x25519(role):
    from netaio.asymmetric import X25519CipherPlugin

    return X25519CipherPlugin({"seed": seed(role)})


def locked(lock, signer="shared", **options):
    from netaio.asymmetric import TapescriptAuthPlugin

    return TapescriptAuthPlugin({"seed": seed(signer), "lock": bytes(lock), **options})


def single(name):
    import tapescript

    return tapescript.make_single_sig_lock(verify_key(name))


def multisig():
    import tapescript

    return tapescript.make_multisig_lock([verify_key("server"), verify_key("client")], 1)


def taproot_by_key():
    import tapescript

    script = single("admin")

    def witness(key, fields):
        return tapescript.make_taproot_witness_keyspend(key, fields, committed_script=script)

    lock = tapescript.make_taproot_lock(verify_key("shared"), script)
    return locked(lock, witness_func=witness)


def taproot_by_script():
    import tapescript

    script = single("admin")

    def witness(key, fields):
        signature = tapescript.make_single_sig_witness(key, fields)
        return signature + tapescript.make_taproot_witness_scriptspend(verify_key("shared"), script)

    lock = tapescript.make_taproot_lock(verify_key("shared"), script)
    return locked(lock, "admin", witness_func=witness)


def own_lock(role):
    return locked(single(role), role, use_peer_lock=True)


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
    "tapescript-single": lambda role: (plugins(locked(single("shared"))), plugins()),
    "tapescript-taproot": lambda role: (plugins(taproot_by_key()), plugins()),
    "tapescript-taproot-script": lambda role: (plugins(taproot_by_script()), plugins()),
    "asymmetric": lambda role: (plugins(), plugins(locked(multisig(), role), x25519(role))),
    "peer-locks": lambda role: (plugins(), plugins(own_lock(role))),
}


def local_peer(profile, role):
    """The peer as which a node of this profile makes itself known, if it does."""
    if profile in ("x25519", "asymmetric"):
        keys = x25519(role)
        data = {"name": role, "pubkey": bytes(keys.pubk), "vkey": bytes(keys.vkey)}
    elif profile == "peer-locks":
        data = {"name": role, "lock": bytes(single(role))}
    else:
        return None
    return Peer(set(), id=role.encode(), data=DefaultPeerPlugin().encode_data(data))
