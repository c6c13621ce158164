"""The plugins of the profiles, on the original package: PROFILES[name] makes (outer, inner).

Both are the arguments of a node or a call.
"""

from netaio import HMACAuthPlugin, Sha256StreamCipherPlugin


def plugins(auth=None, cipher=None):
    return {
        "auth_plugin": HMACAuthPlugin(auth) if auth else None,
        "cipher_plugin": Sha256StreamCipherPlugin(cipher) if cipher else None,
    }


def sealed(secret="test"):
    return plugins({"secret": secret}, {"key": "test"})


PROFILES = {
    "plain": lambda: (plugins(), plugins()),
    "readme": lambda: (
        plugins({"secret": "test"}),
        plugins({"secret": "adminpassword", "hmac_field": "camh"}),
    ),
    "cipher": lambda: (sealed(), plugins()),
    "two-layer": lambda: (
        sealed(),
        plugins(
            {"secret": "test2", "hmac_field": "hmac2"},
            {"key": "test2", "iv_field": "iv2", "encrypt_uri": False},
        ),
    ),
}
