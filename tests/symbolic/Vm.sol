// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheat codes of Foundry that the proofs use.
interface Vm {
    /// @notice Leaves out the inputs for which `condition` is false.
    function assume(bool condition) external pure;
    /// @notice Creation code of a compiled contract, `File.sol:Contract`.
    function getCode(string memory artifact) external view returns (bytes memory creationCode);
    function store(address target, bytes32 slot, bytes32 value) external;
    function load(address target, bytes32 slot) external view returns (bytes32 value);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
}

/// @notice The cheat codes that Halmos adds.
interface Svm {
    /// @notice A word that stands for all numbers of `bits` bits.
    function createUint(uint256 bits, string memory name) external pure returns (uint256 value);
    /// @notice A word that stands for all words.
    function createBytes32(string memory name) external pure returns (bytes32 value);
    /// @notice Bytes of a known length that stand for all bytes of it.
    function createBytes(uint256 length, string memory name) external pure returns (bytes memory value);
    /// @notice An address that stands for all addresses.
    function createAddress(string memory name) external pure returns (address value);
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
Svm constant SVM = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

/// @notice Deploys a compiled contract by name, so that a twin can take its place without a change to the proof.
function deploy(string memory artifact, bytes memory arguments) returns (address deployed) {
    bytes memory code = bytes.concat(VM.getCode(artifact), arguments);
    assembly ("memory-safe") {
        deployed := create(0, add(code, 32), mload(code))
    }
    require(deployed != address(0), "not deployed");
}

contract Probe {}

/// @notice Where the next contract goes: ours refuse to be born at any address but the one they were told, and Halmos
/// counts addresses up.
function nextAddress() returns (address) {
    return address(uint160(address(new Probe())) + 1);
}
