// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataToken} from "../../contracts/DataToken.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice Two holders with any balances, any checkpoint last written, and one action of any kind at any later time.
/// The proof is the registry.
/// @dev The checkpoint in the account's word, and for one account and the supply one before it: an action reads the
/// word and writes the half after the last one, the first of a word of the history or the second.
contract TokenPastProofs {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    /// @dev Slots of its storage.
    uint256 private constant SUPPLY = 8;
    uint256 private constant ACCOUNTS = 10;
    uint256 private constant DELEGATES = 11;
    uint256 private constant HISTORY = 12;
    uint256 private constant SUPPLY_HISTORY = 13;

    DataToken private token;

    function setUp() public {
        System memory system;
        system.registry = address(this);
        system.token = nextAddress();
        token = DataToken(deploy("DataToken.sol:DataToken", abi.encode(system, "", "", true, 1)));
    }

    /// @notice Votes and supply of a past second are what they were, whatever is done later.
    function check_T3_the_past_does_not_change() external {
        uint256 present = SVM.createUint(40, "present");
        uint256 past = SVM.createUint(40, "past");
        VM.assume(past < present);
        VM.warp(present);
        (uint256 alice, uint256 a) = anyWord(past, 1);
        (uint256 bob, uint256 b) = anyWord(past, 0);
        (uint256 all, uint256 supply) = anyWord(past, 1);
        // No account but herself, or the other.
        uint256 delegated = SVM.createUint(1, "delegated");
        if (delegated == 1) _store(uint256(keccak256(abi.encode(ALICE, DELEGATES))), uint160(BOB));
        _store(uint256(keccak256(abi.encode(ALICE, ACCOUNTS))), alice | delegated << 254);
        _store(uint256(keccak256(abi.encode(BOB, ACCOUNTS))), bob);
        _store(SUPPLY, all | 1 << 254); // matured
        anyOlder(uint256(keccak256(abi.encode(0, keccak256(abi.encode(ALICE, HISTORY))))), alice);
        anyOlder(uint256(keccak256(abi.encode(0, SUPPLY_HISTORY))), all);
        act();
        assert(token.getPastVotes(ALICE, past) == a);
        assert(token.getPastVotes(BOB, past) == b);
        assert(token.getPastTotalSupply(past) == supply);
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
