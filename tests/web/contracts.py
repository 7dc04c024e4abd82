"""Members that are contracts (ERC-1271), and their wallets in a browser."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from assurance.harness.browser import Wallet
from assurance.harness.chain.handles import deploy
from tests.integration.safe import Safe
from tests.web.desk_world import DeskWorld


def account(wallet: Wallet) -> str:
    assert wallet.account
    return wallet.account


def simple(desk: DeskWorld) -> Wallet:
    """A contract that checks the signature of its one owner's key."""
    owner = desk.world.dao.who("owner of a contract")
    made = deploy(desk.world.dao.chain, "ContractWallet", owner.address, sender=owner.address)
    return Wallet("Contract", owner.key, account=made.address)


def safe(desk: DeskWorld) -> Wallet:
    """A Safe of two owners, as published."""
    owners = [desk.world.dao.who(f"owner {number} of a Safe") for number in range(2)]
    maker = desk.world.dao.who("maker of Safes")
    desk.node.rpc("anvil_setBalance", maker.address, hex(10**20))
    made = Safe(desk.node.web3, owners, 2, maker)
    return Wallet("Safe", owners[0].key, account=made.address, owners=[owner.key for owner in owners])


def passkey(desk: DeskWorld) -> Wallet:
    """An account of a P-256 key that signs as browsers let passkeys sign."""
    key, maker = ec.generate_private_key(ec.SECP256R1()), desk.world.dao.who("maker of accounts")
    point = key.public_key().public_numbers()
    made = deploy(
        desk.world.dao.chain, "PasskeyAccount", point.x.to_bytes(32), point.y.to_bytes(32), sender=maker.address
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Wallet("Passkey", maker.key, account=made.address, passkey=pem)
