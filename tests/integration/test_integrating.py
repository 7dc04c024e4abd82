"""docs/integrating.md: every block runs, in the order of the page, as an integrator's two programs and a contract."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import COST
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.packages import npm_install, run, tsc
from assurance.harness.pages import Block, Player, blocks, commands
from datadao.profile import Profile

PAGE = "docs/integrating.md"
SILENT = {"type": "function", "name": "silent", "inputs": [], "outputs": [], "stateMutability": "nonpayable"}
"""A function that no contract has: calling it reverts without data."""
LAST_LINES = """
const abi = [SILENT] as const;
const silent = { ...leases, abi, functionName: "silent" } as const;
const noReason = await client.simulateContract(silent).then(() => undefined, reason);
const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
console.log(JSON.stringify({ mayUse, vote: vote?.args, why, noReason }, plain));
process.exit(0);
""".replace("SILENT", json.dumps(SILENT))


def of(language: str, *recipes: int) -> list[Block]:
    """The page's blocks in this language, of these recipes or of all."""
    found = blocks(PAGE, language)
    return [block for block in found if not recipes or int(block.section.partition(".")[0]) in recipes]


def test_page__has_all_its_recipes_in_order() -> None:
    numbers = [int(block.section.partition(".")[0]) for block in blocks(PAGE) if block.section[0].isdigit()]
    assert numbers == sorted(numbers)
    assert {block.language for block in blocks(PAGE)} == {"", "ts", "python", "solidity", "sh"}


def test_recipes__followed_in_their_order__do_what_they_say(
    live: LiveDao, npm_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dao, market = live.dao, live.market
    record = live.record(tmp_path / "record.json")
    company, relayer = live.rich("company", COST + 1_000_000), live.rich("relayer")
    given = {
        "RPC_URL": live.node.url,
        "DEPLOYMENT": str(record),
        "COMPANY": company.address,
        "COMPANY_KEY": "0x" + company.key.hex(),
        "RELAYER_KEY": "0x" + relayer.key.hex(),
        "HOLDER_KEY": "0x" + market.founder.key.hex(),
        "HPKE_KEY": HPKE_KEY.hex(),
        "MEMBER": market.founder.address,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    # Python: connect, ask for a lease
    python: dict[str, Any] = {}
    follow(python, of("python", 1, 3))
    lease, proposal = python["lease_id"], python["proposal_id"]
    assert dao.leases.lease(lease).licensee == company.address
    assert dao.asset.balanceOf(dao.leases.address) >= COST

    # TypeScript: its access, a vote by signature, a refusal
    dao.to_vote(proposal)
    live.node.finalize()
    reported = typescript(npm_package, tmp_path / "typescript", given | {"PROPOSAL": str(proposal)})
    assert reported["mayUse"] is False
    assert (reported["vote"]["voter"], reported["vote"]["support"]) == (market.founder.address, 1)
    assert reported["why"] == {
        "abiItem": reported["why"]["abiItem"],
        "errorName": "DataLeases_UnknownLease",
        "args": ["999"],
    }
    assert reported["noReason"] == {"errorName": "no reason", "args": []}

    # The DAO decides; the company starts, pays, trains, pays royalties
    dao.to_end_of_vote(proposal)
    decided = dao.lease_proposal(lease)
    dao.queue(decided)
    dao.execute(decided)
    before = dao.asset.balanceOf(market.founder.address)
    follow(python, of("python", 5, 6, 7, 8, 9, 12))
    assert python["allowed"] is True
    assert (python["named"], python["days"], python["succeeded"]) == (python["heir"].address, 30, False)
    assert dao.asset.balanceOf(market.founder.address) - before == python["due"] > 0
    assert dao.asset.balanceOf(company.address) == 1_000_000 - 1_000_000 * 250 // 10_000
    assert python["why"] == "DataLeases_UnknownLease(leaseId=999)"
    python["silent"] = python["w3"].eth.contract(dao.leases.address, abi=[SILENT])
    for block in of("python", 8):
        silent = block.text.replace("leases.functions.payInstalment(999)", "silent.functions.silent()")
        follow(python, [block._replace(text=silent)])
    assert python["why"] == "no reason"
    assert python["report"].ok, python["report"].render()

    # The command line, for networks of key keepers
    player = Player(tmp_path / "home", {"--for lit": "--for lit --lit-chain anvil"})  # Lit has no name for local chains
    Profile(tmp_path / "home" / ".datadao", network=live.node.url, deployment=str(record)).write()
    player.environment["LEASE"] = str(lease)
    for (block,) in [of("sh", 10)]:
        documents = [json.loads(player.play(command)) for command in commands(block)]
    assert all(dao.leases.address in json.dumps(document) for document in documents)


def test_gateway__of_the_page__compiles_and_asks(live: LiveDao, npm_package: Path, tmp_path: Path) -> None:
    package = npm_install(tmp_path, npm_package, "@openzeppelin/contracts")
    (block,) = of("solidity")
    sources = {"Gateway.sol": {"content": block.text}}
    settings = {
        "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
        "outputSelection": {"*": {"Gateway": ["abi", "evm.bytecode.object"]}},
    }
    request = json.dumps({"language": "Solidity", "sources": sources, "settings": settings})
    solc = ROOT / "toolchain" / "solcx" / "solc-v0.8.37"
    command = [str(solc), "--standard-json", "--base-path", str(package.parent), "--include-path", str(package.parent)]
    answer = json.loads(subprocess.run(command, input=request, capture_output=True, text=True, check=True).stdout)
    assert not [error for error in answer.get("errors", []) if error["severity"] == "error"], answer["errors"]
    made = answer["contracts"]["Gateway.sol"]["Gateway"]
    factory = live.web3.eth.contract(abi=made["abi"], bytecode=made["evm"]["bytecode"]["object"])
    account = live.web3.eth.accounts[0]
    receipt = live.web3.eth.wait_for_transaction_receipt(
        factory.constructor(live.dao.leases.address).transact({"from": account})
    )
    gateway = live.web3.eth.contract(address=receipt["contractAddress"], abi=made["abi"])
    live.market.active()
    licensee = live.market.licensee.address
    asked = [gateway.functions.open(1).call({"from": caller}) for caller in (licensee, account)]
    assert asked == [True, False]


def follow(namespace: dict[str, Any], recipes: list[Block]) -> None:
    """Runs Python as one program that goes on."""
    for block in recipes:
        exec(compile(block.text, block.where, "exec"), namespace)  # noqa: S102  # the page is ours


def typescript(npm_package: Path, folder: Path, given: dict[str, str]) -> dict[str, Any]:
    """Compiles all blocks as one module, strictly, and runs it; what its variables are in the end."""
    folder.mkdir()
    npm_install(folder, npm_package, "viem", "@types/node", "undici-types")
    (folder / "recipes.ts").write_text("".join(block.text for block in of("ts")) + LAST_LINES)
    messages = tsc(folder, "--types", "node", "recipes.ts")
    assert not messages, "\n".join(messages)
    reported: dict[str, Any] = json.loads(run("node", "--no-warnings", "recipes.js", cwd=folder, **given))
    return reported
