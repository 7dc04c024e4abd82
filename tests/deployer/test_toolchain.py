"""The toolchain: what outsiders meet first, and what every other check silently relies on.

- compiler shim: version, standard JSON, imports, refusals, cache
- compile: what changed and what imports it, to the manifest that Ape writes
- forge: the real binary's exit codes, and the same settings as Ape
- lock files and committed files: complete, and free of addresses
- set-up: one clear line when Python or Node is missing or too old
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SOLC = ROOT / "toolchain" / "solcx" / "solc-v0.8.37"
IMPORT_ERC20 = 'import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";'
IMPORT_PAUSABLE = 'import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";'
"""Compiled in a tenth of the time."""
REMAPPING = "@openzeppelin/contracts=node_modules/@openzeppelin/contracts"


def run(*command, cwd=ROOT, **options):
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def solc(tmp_path):
    """Compiles one source as Ape asks for it, with a cache of the test's own, in a folder without node_modules."""

    def compile_source(body, *, cache=tmp_path / "cache", arguments=()):
        source = f"// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n{body}\n"
        question = {
            "language": "Solidity",
            "sources": {"contracts/A.sol": {"content": source}},
            "settings": {"remappings": [REMAPPING], "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
        }
        base = tmp_path / "base"
        base.mkdir(exist_ok=True)
        answer = run(
            SOLC, "--standard-json", "--base-path", base, *arguments,
            input=json.dumps(question), env={**os.environ, "DATADAO_SOLC_CACHE": str(cache)},
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        output = json.loads(answer.stdout)
        errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
        return output.get("contracts", {}), errors

    compile_source.base = tmp_path / "base"
    compile_source.cache = tmp_path / "cache"
    return compile_source


def test_solc__version__is_the_pinned_one():
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
    assert re.search(rf"^Version: {re.escape(pinned)}\+commit\.\w+", run(SOLC, "--version").stdout, re.M)
    assert SOLC.name == f"solc-v{pinned}"


def test_solc__import_from_node_modules__compiles_in_a_folder_without_it(solc):
    contracts, errors = solc(f'{IMPORT_ERC20}\ncontract A is ERC20("A", "A") {{}}')
    assert not errors
    assert len(contracts["contracts/A.sol"]["A"]["evm"]["bytecode"]["object"]) > 1000


def test_solc__faulty_source__reports_the_error(solc):
    _, errors = solc("contract A { uint256 x = true; }")
    assert len(errors) == 1
    assert "is not implicitly convertible" in errors[0]


def test_solc__import_outside_the_project__is_refused_unless_allowed(solc, tmp_path):
    outside = tmp_path / "Outside.sol"
    outside.write_text("pragma solidity 0.8.37; contract Outside {}")
    body = f'import {{Outside}} from "{outside}"; contract A is Outside {{}}'
    assert "File outside of allowed directories" in solc(body)[1][0]
    assert not solc(body, arguments=["--allow-paths", tmp_path])[1]


def test_solc__link_out_of_the_project__is_refused(solc, tmp_path):
    (tmp_path / "Outside.sol").write_text("pragma solidity 0.8.37; contract Outside {}")
    solc.base.mkdir()
    (solc.base / "Link.sol").symlink_to(tmp_path / "Outside.sol")
    _, errors = solc('import {Outside} from "Link.sol"; contract A is Outside {}')
    assert "File outside of allowed directories" in errors[0]


def test_solc__import_changed__is_not_answered_from_the_cache(solc):
    solc.base.mkdir()
    body = 'import {N} from "N.sol"; contract A { uint256 public n = N; }'
    answers = []
    for number in (1, 2, 1):
        (solc.base / "N.sol").write_text(f"pragma solidity 0.8.37; uint256 constant N = {number};")
        contracts, errors = solc(body)
        assert not errors
        answers.append(contracts["contracts/A.sol"]["A"]["evm"]["bytecode"]["object"])
    assert answers[0] == answers[2] != answers[1]


def test_solc__unchanged_input__is_answered_from_the_cache(solc):
    first = solc("contract A {}")
    (entry,) = (path for path in solc.cache.iterdir() if "output" in path.read_text())
    stored = json.loads(entry.read_text())
    stored["output"] = stored["output"].replace('"A"', '"FromCache"')
    entry.write_text(json.dumps(stored))
    assert "FromCache" in solc("contract A {}")[0]["contracts/A.sol"]
    entry.write_text('{"outp')  # cut off: compiled anew
    assert solc("contract A {}") == first


@pytest.mark.parametrize("trees", [True, False])
def test_solc__several_files__are_compiled_side_by_side_into_the_same_answer(tmp_path, trees):
    pragma = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
    function = "function f(uint256 x) external returns (uint256)"
    bodies = {
        "I.sol": f"interface I {{ {function}; }}",
        "A.sol": f'import {{I}} from "I.sol";\ncontract A is I {{ {function} {{ return 1; }} }}',
        "B.sol": 'import {A} from "A.sol";\ncontract B { A public a = new A(); }',
        # Alone it is the third of its sources, among all the last: source maps have to say so.
        "Z.sol": f"{IMPORT_PAUSABLE}\ncontract Z is Pausable {{}}",
    }
    tree = {"": ["ast"]} if trees else {}
    wanted = ["abi", "devdoc", "evm.bytecode.object", "evm.bytecode.sourceMap", "evm.deployedBytecode.object"]
    question = {
        "language": "Solidity",
        "sources": {name: {"content": pragma + body} for name, body in bodies.items()},
        "settings": {
            "viaIR": True,
            "remappings": [REMAPPING],
            "outputSelection": {name: {"*": wanted, **tree} for name in bodies},
        },
    }
    direct = """
        const { reader } = require('./toolchain/solc/reader.js');
        const read = reader({ base: '', include: [], allow: [] });
        process.stdout.write(require('solc').compile(require('fs').readFileSync(0, 'utf8'), { import: read }))"""
    whole = run("node", "-e", direct, input=json.dumps(question))
    shim = run(
        SOLC, "--standard-json", input=json.dumps(question), env={**os.environ, "DATADAO_SOLC_CACHE": str(tmp_path)}
    )
    assert json.loads(shim.stdout) == json.loads(whole.stdout)
    codes = [error["errorCode"] for error in json.loads(shim.stdout)["errors"]]
    assert sorted(codes) == ["2018", "5667"]  # f can be pure, x is unused: said once each, though every worker found it


@pytest.fixture
def project(tmp_path):
    """A project of three contracts, of which `Heir` imports `Base`, with this one's toolchain."""
    for name in ("toolchain", "package-lock.json", "ape-config.yaml"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    packages = ROOT / "node_modules"
    shutil.copytree(packages / "@openzeppelin", tmp_path / "node_modules" / "@openzeppelin")  # Ape follows no link
    (tmp_path / "node_modules" / "solc").symlink_to(packages / "solc")
    (tmp_path / "contracts").mkdir()
    write(tmp_path, "Base", "contract Base { function f() external pure virtual returns (uint256) { return 1; } }")
    write(
        tmp_path, "Heir", f'{IMPORT_PAUSABLE}\nimport {{Base}} from "./Base.sol";\ncontract Heir is Pausable, Base {{}}'
    )
    write(tmp_path, "Other", "contract Other { uint256 public x; }")
    return tmp_path


def write(project, name, body):
    pragma = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
    (project / "contracts" / f"{name}.sol").write_text(f"{pragma}{body}\n")


def compile_all(project, *arguments):
    done = run(ROOT / "toolchain" / "run", "python", project / "toolchain" / "compile", *arguments, cwd=project)
    manifest = project / ".build" / "__local__.json"
    return done, json.loads(manifest.read_text()) if manifest.exists() else None


def compiled_anew(project, action):
    """Files whose code was generated by this action."""
    cache = project / ".cache" / "solc"
    before = set(cache.iterdir()) if cache.exists() else set()
    action()
    outputs = [path.read_text() for path in set(cache.iterdir()) - before]
    answers = [json.loads(json.loads(text)["output"]) for text in outputs if text.startswith('{"output":"{')]
    return sorted(name for answer in answers for name in answer["contracts"])


def test_compile__manifest__is_the_one_ape_writes(project):
    _, ours = compile_all(project)
    ape = run(
        ROOT / "toolchain" / "run", "ape", "compile", "--force", cwd=project, env={**os.environ, "HOME": str(project)}
    )
    assert ape.returncode == 0, ape.stderr
    theirs = json.loads((project / ".build" / "__local__.json").read_text())
    assert (ours["contractTypes"], ours["sources"]) == (theirs["contractTypes"], theirs["sources"])
    (mine,), (its,) = ours["compilers"], theirs["compilers"]
    for compiler in (mine, its):
        compiler["contractTypes"].sort()  # Ape's are in no order
        del compiler["settings"]["outputSelection"]
    assert mine == its


def test_compile__edit__compiles_the_file_and_what_imports_it(project):
    everything = compiled_anew(project, lambda: compile_all(project))
    assert everything == ["contracts/Base.sol", "contracts/Heir.sol", "contracts/Other.sol"]
    _, before = compile_all(project)
    text = (project / "contracts" / "Base.sol").read_text()
    (project / "contracts" / "Base.sol").write_text(text.replace("return 1", "return 2"))
    assert compiled_anew(project, lambda: compile_all(project)) == ["contracts/Base.sol", "contracts/Heir.sol"]
    _, after = compile_all(project)
    changed = [name for name, found in after["contractTypes"].items() if found != before["contractTypes"][name]]
    assert changed == ["Base", "Heir"]
    shutil.rmtree(project / ".cache")
    shutil.rmtree(project / ".build")
    assert compile_all(project)[1] == after  # as from nothing
    (project / "contracts" / "Base.sol").write_text(text)
    compile_all(project)
    (project / "contracts" / "Base.sol").write_text(text.replace("return 1", "return 2"))
    assert compiled_anew(project, lambda: compile_all(project)) == []  # a text that was compiled before


def test_compile__faulty_source__names_it_and_leaves_what_was_compiled(project):
    _, before = compile_all(project)
    write(project, "Other", "contract Other { uint256 public x = true; }")
    done, after = compile_all(project)
    assert (done.returncode, done.stdout, after) == (1, "", before)
    assert "--> contracts/Other.sol:3:37" in done.stderr
    assert compile_all(project, "--check")[0].returncode == 1


def test_compile__check__says_what_to_do_and_compiles_nothing(project):
    done, manifest = compile_all(project, "--check")
    assert (done.returncode, done.stdout, manifest) == (1, "", None)
    assert done.stderr == "toolchain/compile: the contracts changed since they were compiled: run `make compile`\n"
    compile_all(project)
    assert compile_all(project, "--check")[0].returncode == 0
    write(project, "Other", "contract Other {}")
    assert compile_all(project, "--check")[0].returncode == 1


def test_compile__local__leaves_out_mocks_but_the_asset_and_the_rest_is_compiled_later(project):
    (project / "contracts" / "mocks").mkdir()
    write(project, "mocks/TestAsset", "contract TestAsset { uint256 public x; }")
    write(project, "mocks/Odd", "contract Odd { uint256 public y; }")
    (project / "deploy-config").mkdir()
    (project / "deploy-config" / "local.yaml").write_text("asset: {deploy: TestAsset}\n")
    done, manifest = compile_all(project, "--local")
    assert done.stdout == "4 contract files compiled.\n"
    assert sorted(manifest["contractTypes"]) == ["Base", "Heir", "Other", "TestAsset"]
    assert compile_all(project, "--local")[0].stdout == "", "nothing is left to do"
    assert compile_all(project, "--check")[0].returncode == 1, "tests need all"
    assert compiled_anew(project, lambda: compile_all(project)) == ["contracts/mocks/Odd.sol"]
    assert compile_all(project, "--local")[0].stdout == "", "all is enough"
    assert sorted(compile_all(project)[1]["contractTypes"]) == ["Base", "Heir", "Odd", "Other", "TestAsset"]


def test_compile__unknown_argument__is_refused(project):
    done, manifest = compile_all(project, "--size")
    assert (done.returncode, manifest) == (2, None)
    assert done.stderr == "toolchain/compile: unknown arguments --size; only --check and --local are known\n"


def test_solc__unknown_option__exits_non_zero():
    answer = run(SOLC, "--optimize")
    assert answer.returncode == 1
    assert answer.stderr == "solc-v0.8.37: option not supported: --optimize\n"


def test_forge__failing_build__exits_non_zero(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "foundry.toml").write_text(f'[profile.default]\nsolc = "{SOLC}"\noffline = true\n')
    source = tmp_path / "src" / "A.sol"
    for body, code in (("contract A { uint256 x = true; }", 1), ("contract A {}", 0)):
        source.write_text(f"// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n{body}\n")
        build = run(ROOT / "toolchain" / "run", "forge", "build", "--root", tmp_path)
        assert build.returncode == code, build.stdout + build.stderr


@pytest.mark.parametrize("name", ["forge", "anvil"])
def test_foundry__bad_arguments__exit_non_zero(name):
    assert run(ROOT / "toolchain" / "run", name, "--no-such-option").returncode == 2


@pytest.mark.parametrize("command", ["ape", "no-such-command"])
def test_run__command_that_is_not_installed__names_the_set_up(command, tmp_path):
    shutil.copytree(ROOT / "toolchain", tmp_path / "toolchain", symlinks=True)
    done = run(tmp_path / "toolchain" / "run", command)
    assert (done.returncode, done.stdout) == (127, "")
    assert f"toolchain/run: there is no command {command}; `make setup` installs" in done.stderr


def test_foundry__settings__are_those_of_ape():
    ape = yaml.safe_load((ROOT / "ape-config.yaml").read_text())
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    solidity = ape["solidity"]
    assert forge["solc"] == f"toolchain/solcx/solc-v{solidity['version']}"
    assert (forge["evm_version"], forge["via_ir"]) == (solidity["evm_version"], solidity["via_ir"])
    assert (forge["optimizer"], forge["optimizer_runs"]) == (True, solidity["optimization_runs"])
    assert [line.replace("/=", "=").rstrip("/") for line in forge["remappings"]] == solidity["import_remapping"]
    assert ape["foundry"]["evm_version"] == solidity["evm_version"]


def test_locks__npm__holds_every_platform_and_no_address():
    wanted = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, entry in lock.items() if "resolved" in entry]
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        for name, version in wanted[group].items():
            assert lock[f"node_modules/{name}"]["version"] == version.rpartition("@")[2]
    unhashed = {name for name, entry in lock.items() if name and "integrity" not in entry}
    assert unhashed <= {f"node_modules/{name}" for name in wanted["optionalDependencies"]}


def test_locks__python__pins_every_dependency_by_hash():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {re.split(r"[\[<>=; ]", line)[0] for line in [*project["dependencies"], *extras["demo"], *extras["dev"]]}
    pins = re.findall(r"^([\w.-]+)==\S+[^\n]*\\\n +--hash=sha256:", (ROOT / "requirements.lock").read_text(), re.M)
    assert wanted - {"datadao"} <= set(pins)


def test_committed_files__name_no_registry_and_no_machine():
    # In pieces, or this file would be a finding.
    hosts = "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "//registry" + r"\."])
    pattern = rf"{hosts}|deb\.{'debian'}|/(work|root)/[a-z]"
    found = run("git", "grep", "-nIE", pattern, "--", ".")
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout == ""


def fake(folder, name, output):
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {output}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        ({}, "Node.js >= 20 is needed, and there is no working 'node' on PATH"),
        ({"node": "v18.20.4", "npm": "10"}, "Node.js >= 20 is needed, and 'node' is v18.20.4"),
        ({"node": "v20.1.0"}, "npm, which comes with Node.js, is needed, and there is no 'npm' on PATH"),
        ({"node": "v22.1.0", "npm": "10"}, "Python >= 3.11 is needed, and there is no working 'python3'"),
        ({"node": "v20.1.0", "npm": "10", "python3": "3.9"}, "Python >= 3.11 is needed, 'python3' is 3.9"),
    ],
)
def test_check__missing_or_old__fails_with_one_line(tmp_path, programs, message):
    for name, output in programs.items():
        fake(tmp_path, name, output)
    check = run("/bin/sh", ROOT / "toolchain" / "check", env={"PATH": str(tmp_path)})
    assert (check.returncode, check.stdout) == (1, "")
    assert check.stderr.count("\n") == 1
    assert check.stderr.startswith(f"datadao: {message}")


def test_check__newer_and_older_python__prefers_the_one_with_every_package(tmp_path):
    for name, output in {"node": "v24.0.0", "npm": "11", "python3": "3.14", "python3.12": "3.12"}.items():
        fake(tmp_path, name, output)
    check = run("/bin/sh", ROOT / "toolchain" / "check", env={"PATH": str(tmp_path)})
    assert (check.returncode, check.stdout) == (0, f"{tmp_path}/python3.12\n")
