"""What the governor says of itself, as front ends for governors ask for it."""

from __future__ import annotations

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import founder


def test_identity__of_a_governor__names_its_parts_and_domain(dao: Dao) -> None:
    governor = dao.governor
    assert (governor.token(), governor.brake(), governor.leases()) == (
        dao.token.address,
        dao.brake.address,
        dao.leases.address,
    )
    _, name, version, chain_id, contract, _, extensions = governor.eip712Domain()
    assert (name, version, chain_id, contract) == (
        governor.name(),
        governor.version(),
        dao.chain.chain_id,
        governor.address,
    )
    assert (governor.version(), list(extensions)) == ("1", [])


def test_votes__of_a_past_second__are_the_tokens_with_and_without_parameters(dao: Dao) -> None:
    voter = founder(dao)
    dao.chain.warp(1)
    past = dao.chain.timestamp - 1
    votes = dao.token.getPastVotes(voter.address, past)
    assert votes > 0
    assert dao.governor.getVotes(voter.address, past) == votes
    assert dao.governor.getVotesWithParams(voter.address, past, b"anything") == votes


def test_interfaces__of_a_governor__are_those_of_the_standard(dao: Dao) -> None:
    known = ["01ffc9a7", "4e2312e0"]  # ERC-165, ERC-1155 receiver
    answers = [dao.governor.supportsInterface(bytes.fromhex(name)) for name in [*known, "ffffffff"]]
    assert answers == [True, True, False]


def test_domains__of_token_and_leases__are_their_own(dao: Dao) -> None:
    for contract, name in ((dao.token, dao.token.name()), (dao.leases, "DataLeases")):
        _, reported, version, chain_id, address, _, _ = contract.eip712Domain()
        assert (reported, version, chain_id, address) == (name, "1", dao.chain.chain_id, contract.address)
    assert len(dao.token.DOMAIN_SEPARATOR()) == 32
