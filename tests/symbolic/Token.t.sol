// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataToken} from "../../contracts/DataToken.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice Two holders of any balances, and whatever they do with their votes. The proof is the registry.
contract TokenProofs {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);
    address private constant CAROL = address(0xca201);

    DataToken private token;

    function setUp() public {
        token = deployToken(true);
    }

    /// @notice Delegating to anyone, zero included, loses no vote and makes none, before a transfer and after.
    function check_T2_votes_are_the_balances() external {
        (uint256 a, uint256 b) = anyBalances(token);
        VM.prank(ALICE);
        token.delegate(anyone());
        assert(votes() == a + b);
        VM.prank(ALICE);
        assert(token.transfer(BOB, SVM.createUint(64, "moved")));
        assert(votes() == a + b);
    }

    /// @notice What a transfer takes from one it gives to the other, and burning takes from supply what it takes.
    function check_T1_balances_are_the_supply() external {
        (uint256 a, uint256 b) = anyBalances(token);
        VM.prank(ALICE);
        assert(token.transfer(BOB, SVM.createUint(64, "moved")));
        assert(token.balanceOf(ALICE) + token.balanceOf(BOB) == a + b);
        uint256 burned = SVM.createUint(64, "burned");
        token.burn(BOB, burned);
        assert(token.balanceOf(ALICE) + token.balanceOf(BOB) == a + b - burned);
        assert(token.totalSupply() == a + b - burned);
    }

    /// @notice Where tokens are not transferable, no holder's transfer succeeds, to whomever and however small.
    function check_T6_no_transfer_without_the_flag() external {
        DataToken bound = deployToken(false);
        anyBalances(bound);
        VM.prank(ALICE);
        try bound.transfer(anyone(), SVM.createUint(64, "moved")) {
            assert(false);
        } catch {}
    }

    function deployToken(bool transferable) private returns (DataToken) {
        System memory system;
        system.registry = address(this);
        system.token = nextAddress();
        return DataToken(deploy("DataToken.sol:DataToken", abi.encode(system, "", "", transferable, 1)));
    }

    function anyBalances(DataToken minted) private returns (uint256 a, uint256 b) {
        a = SVM.createUint(62, "alices");
        b = SVM.createUint(62, "bobs");
        minted.mint(ALICE, a);
        minted.mint(BOB, b);
    }

    function anyone() private pure returns (address) {
        uint256 choice = SVM.createUint(2, "delegatee");
        if (choice == 0) return address(0);
        if (choice == 1) return ALICE;
        return choice == 2 ? BOB : CAROL;
    }

    function votes() private view returns (uint256) {
        return token.getVotes(ALICE) + token.getVotes(BOB) + token.getVotes(CAROL);
    }
}
