// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataToken} from "../../contracts/DataToken.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice Two holders with any balances, any checkpoint last written, and one action of any kind at any later time.
/// The proof is the registry, and the splitter that a transferable token tells of transfers.
/// @dev One checkpoint each: an action reads and writes the last one only.
contract TokenPastProofs {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    DataToken private token;

    function setUp() public {
        System memory system;
        system.registry = address(this);
        system.splitter = address(this);
        system.token = nextAddress();
        token = DataToken(deploy("DataToken.sol:DataToken", abi.encode(system, "", "", true, 1)));
    }

    /// @notice Votes and supply of a past second are what they were, whatever is done later.
    function check_T3_the_past_does_not_change() external {
        uint256 present = SVM.createUint(48, "present");
        uint256 past = SVM.createUint(48, "past");
        VM.assume(past < present);
        VM.warp(present);
        _store(uint256(keccak256(abi.encode(ALICE, 0))), SVM.createUint(61, "alices"));
        _store(uint256(keccak256(abi.encode(BOB, 0))), SVM.createUint(61, "bobs"));
        // Nobody, which is herself, or the other.
        if (SVM.createUint(1, "delegates") == 1) _store(uint256(keccak256(abi.encode(ALICE, 8))), uint160(BOB));
        _store(2, SVM.createUint(62, "supply"));
        uint256 a = anyTrace(uint256(keccak256(abi.encode(ALICE, 9))), past);
        uint256 b = anyTrace(uint256(keccak256(abi.encode(BOB, 9))), past);
        uint256 supply = anyTrace(10, past);
        act();
        assert(token.getPastVotes(ALICE, past) == a);
        assert(token.getPastVotes(BOB, past) == b);
        assert(token.getPastTotalSupply(past) == supply);
    }

    /// @dev What was last so many, at that second or before.
    function anyTrace(uint256 slot, uint256 past) private returns (uint256 value) {
        uint256 time = SVM.createUint(48, "time");
        VM.assume(time <= past);
        value = SVM.createUint(62, "value");
        _store(slot, 1);
        _store(uint256(keccak256(abi.encode(slot))), time | value << 48);
    }

    function _store(uint256 slot, uint256 value) private {
        VM.store(address(token), bytes32(slot), bytes32(value));
    }

    /// @dev What the splitter of a transferable token is told.
    function moveShares(address, address, uint256) external {}

    function act() private {
        uint256 action = SVM.createUint(2, "action");
        uint256 amount = SVM.createUint(61, "amount");
        if (action == 0) token.mint(ALICE, amount);
        if (action == 1) token.burn(BOB, amount);
        if (action >= 2) VM.prank(ALICE);
        if (action == 2) token.transfer(BOB, amount);
        if (action == 3) token.delegate(BOB);
    }
}
