// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataToken} from "../../contracts/DataToken.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice Two holders with any balances, any checkpoint last written, and one action at any later time, each kind in a
/// check of its own. The proof is the registry.
/// @dev The checkpoint in the account's word, and for one account and the supply one before it: an action reads the
/// word and writes the half after the last one, the first of a word of the history or the second. Most branches are of
/// comparisons that the ones before decide: in the millisecond that Halmos gives itself it does not see that, follows
/// them all, and asks the solvers thousands of times.
/// @custom:halmos --solver-timeout-branching 1s
contract TokenPastProofs {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    /// @dev Slots of its storage.
    uint256 private constant SUPPLY = 9;
    uint256 private constant ACCOUNTS = 11;
    uint256 private constant DELEGATES = 12;
    uint256 private constant HISTORY = 13;
    uint256 private constant SUPPLY_HISTORY = 14;

    struct Past {
        uint256 time;
        uint256 alice;
        uint256 bob;
        uint256 supply;
    }

    DataToken private token;

    function setUp() public {
        System memory system;
        system.registry = address(this);
        system.token = nextAddress();
        token = DataToken(deploy("DataToken.sol:DataToken", abi.encode(system, "", "", true, 1)));
    }

    /// @notice Votes and supply of a past second are what they were, whatever is minted later.
    function check_T3_a_mint_leaves_the_past() external {
        Past memory past = anyPast();
        token.mint(ALICE, anyAmount());
        assertUnchanged(past);
    }

    /// @notice Likewise, whatever is burned later.
    function check_T3_a_burn_leaves_the_past() external {
        Past memory past = anyPast();
        token.burn(ALICE, anyAmount());
        assertUnchanged(past);
    }

    /// @notice Likewise, whatever is transferred later.
    function check_T3_a_transfer_leaves_the_past() external {
        Past memory past = anyPast();
        VM.prank(ALICE);
        token.transfer(BOB, anyAmount());
        assertUnchanged(past);
    }

    /// @notice Likewise, whatever is delegated later, back to the account itself too.
    function check_T3_a_delegation_leaves_the_past() external {
        Past memory past = anyPast();
        VM.prank(ALICE);
        token.delegate(SVM.createUint(1, "back") == 1 ? ALICE : BOB);
        assertUnchanged(past);
    }

    /// @dev A second that is past, and what was then. Alice's delegate is she herself, or Bob.
    function anyPast() private returns (Past memory past) {
        uint256 present = SVM.createUint(40, "present");
        past.time = SVM.createUint(40, "past");
        VM.assume(past.time < present);
        VM.warp(present);
        uint256 alice;
        uint256 bob;
        uint256 all;
        (alice, past.alice) = anyWord(past.time, 1);
        (bob, past.bob) = anyWord(past.time, 0);
        (all, past.supply) = anyWord(past.time, 1);
        uint256 delegated = SVM.createUint(1, "delegated");
        if (delegated == 1) _store(uint256(keccak256(abi.encode(ALICE, DELEGATES))), uint160(BOB));
        _store(uint256(keccak256(abi.encode(ALICE, ACCOUNTS))), alice | delegated << 254);
        _store(uint256(keccak256(abi.encode(BOB, ACCOUNTS))), bob);
        _store(SUPPLY, all | 1 << 254); // matured
        anyOlder(uint256(keccak256(abi.encode(0, keccak256(abi.encode(ALICE, HISTORY))))), alice);
        anyOlder(uint256(keccak256(abi.encode(0, SUPPLY_HISTORY))), all);
    }

    function assertUnchanged(Past memory past) private view {
        assert(token.getPastVotes(ALICE, past.time) == past.alice);
        assert(token.getPastVotes(BOB, past.time) == past.bob);
        assert(token.getPastTotalSupply(past.time) == past.supply);
    }

    function anyAmount() private pure returns (uint256) {
        return SVM.createUint(61, "amount");
    }

    /// @dev A member's word, or the supply's: its votes are what they are since that second or one before.
    function anyWord(uint256 past, uint256 older) private pure returns (uint256 word, uint256 votes) {
        uint256 time = SVM.createUint(40, "time");
        VM.assume(time <= past);
        VM.assume(time != 0);
        votes = SVM.createUint(62, "votes");
        uint256 number = SVM.createUint(16, "number");
        VM.assume(number != 0);
        word = SVM.createUint(62, "balance") | votes << 63 | time << 126 | older << 166 | number << 198;
        word |= SVM.createUint(24, "nonce") << 230;
    }

    /// @dev The one checkpoint before that of the word.
    function anyOlder(uint256 slot, uint256 word) private {
        uint256 time = SVM.createUint(40, "earlier");
        VM.assume(time < uint40(word >> 126));
        VM.assume(time != 0);
        _store(slot, SVM.createUint(62, "value") | time << 63);
    }

    function _store(uint256 slot, uint256 value) private {
        VM.store(address(token), bytes32(slot), bytes32(value));
    }
}
