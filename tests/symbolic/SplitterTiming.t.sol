// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnySplitter} from "./AnySplitter.sol";
import {SVM, VM} from "./Vm.sol";

/// @notice When and by whom a settlement happens makes no difference: Alice and Bob start in the same state, whatever
/// it is, and the same things happen to both in a different order.
contract SplitterTiming is AnySplitter {
    /// @notice A contribution claimed before a deposit and one claimed after it are owed the same, to the unit.
    function check_S4_late_vest_equals_early_vest() external {
        Pool memory p = twoOfAKind();
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        splitter.vestShares(POOL, ALICE, shares, entry);
        deposit(POOL, anyAmount());
        splitter.vestShares(POOL, BOB, shares, entry);
        assert(claimable(ALICE) == claimable(BOB));
    }

    /// @notice Settling before a loss of shares and a deposit, or not, comes to the same, to the unit.
    function check_S4_settling_before_a_change_commutes_with_deposits() external {
        twoOfAKind();
        uint256 shares = anyShares();
        uint256 settled = claim(ALICE);
        assert(claimable(ALICE) == 0); // a step, for the solver
        splitter.removeShares(POOL, ALICE, shares);
        splitter.removeShares(POOL, BOB, shares);
        deposit(POOL, anyAmount());
        unchecked {
            assert(settled + claimable(ALICE) == claimable(BOB));
        }
    }

    /// @notice Shares that enter after a deposit, however large it was, earn nothing from it.
    function check_S5_late_shares_earn_nothing() external {
        Pool memory p = anyPool();
        anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 before = claimable(ALICE);
        uint256 entry = splitter.addPendingShares(POOL, shares);
        splitter.vestShares(POOL, ALICE, shares, entry);
        unchecked {
            assert(before - claimable(ALICE) <= 1);
        }
    }

    /// @notice What removed shares earned stays claimable, to the unit.
    function check_S5_removal_keeps_what_was_earned() external {
        Pool memory p = anyPool();
        anyMember(ALICE, p);
        uint256 before = claimable(ALICE);
        splitter.removeShares(POOL, ALICE, anyShares());
        assert(claimable(ALICE) == before);
    }

    /// @notice Once all shares are removed, no deposit changes what is claimable.
    function check_S5_removed_shares_earn_nothing() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 before = claimable(ALICE);
        splitter.removeShares(POOL, ALICE, m.shares);
        deposit(POOL, anyAmount());
        assert(claimable(ALICE) == before);
    }

    /// @notice A claim pays its account and nobody else, and leaves what another is owed as it was.
    function check_S6_claim_raises_only_its_account() external {
        twoOfAKind();
        asset.mint(BOB, SVM.createUint(100, "savings"));
        uint256 savings = asset.balanceOf(BOB);
        uint256 owed = claimable(BOB);
        uint256 paid = claim(ALICE);
        assert(asset.balanceOf(ALICE) == paid);
        assert(asset.balanceOf(BOB) == savings);
        assert(claimable(BOB) == owed);
    }

    function check_S6_second_claim_pays_nothing() external {
        Pool memory p = anyPool();
        anyMember(ALICE, p);
        anyBalance();
        claim(ALICE);
        assert(claimable(ALICE) == 0);
        assert(claim(ALICE) == 0);
    }

    function twoOfAKind() private returns (Pool memory p) {
        p = anyPool();
        Member memory m = anyMember(ALICE, p);
        copyMember(ALICE, BOB);
        unchecked {
            VM.assume(2 * m.shares <= p.shares);
        }
        anyBalance();
    }
}
