// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnySplitter} from "./AnySplitter.sol";
import {VM} from "./Vm.sol";

/// @notice From any state, no action adds to what all accounts together are owed, but for a deposit, which adds exactly
/// what came in; and none takes away as much as one unit. So what is owed is there, however many members and actions.
contract SplitterSolvency is AnySplitter {
    /// @notice `amount * SCALE + carry == growth * shares + carry'`, and the remainder is smaller than a share's part.
    function check_S2_deposit_is_exact() external {
        Pool memory p = anyPool();
        uint256 amount = anyAmount();
        deposit(POOL, amount);
        Pool memory q = pool();
        unchecked {
            assert(amount * SCALE + p.carry == (q.acc - p.acc) * p.shares + q.carry);
        }
        assert(q.carry < p.shares);
        assert(q.shares == p.shares);
        assert(q.received == p.received + amount);
        assert(q.commons == p.commons);
        assert(asset.balanceOf(address(splitter)) == amount);
    }

    /// @notice The same of the commons, among the shares of every pool.
    function check_S2_commons_deposit_is_exact() external {
        Pool memory p = anyPool();
        uint256 amount = anyAmount();
        deposit(COMMONS, amount);
        Pool memory q = pool();
        unchecked {
            assert(amount * SCALE + p.commonsCarry == (q.commons - p.commons) * p.all + q.commonsCarry);
        }
        assert(q.commonsCarry < p.all);
        assert(q.all == p.all);
        assert(q.commonsReceived == p.commonsReceived + amount);
        assert(q.acc == p.acc);
        assert(asset.balanceOf(address(splitter)) == amount);
    }

    /// @notice What three members who hold the whole pool are owed grows by the deposit, remainder included.
    function check_S1_deposit_adds_what_came_in() external {
        Pool memory p = anyPool();
        (Member memory a, Member memory b, Member memory c) = threeMembers(p);
        uint256 amount = anyAmount();
        deposit(POOL, amount);
        Pool memory q = pool();
        unchecked {
            uint256 before = entitlement(p, a) + entitlement(p, b) + entitlement(p, c) + p.carry;
            assert(owedToThree(q) + q.carry == before + amount * SCALE);
        }
    }

    /// @notice So it does by a deposit to the commons, where their pool is the only one.
    function check_S1_commons_deposit_adds_what_came_in() external {
        Pool memory p = anyPool();
        VM.assume(p.all == p.shares);
        (Member memory a, Member memory b, Member memory c) = threeMembers(p);
        uint256 amount = anyAmount();
        deposit(COMMONS, amount);
        Pool memory q = pool();
        unchecked {
            uint256 before = entitlement(p, a) + entitlement(p, b) + entitlement(p, c) + p.commonsCarry;
            assert(owedToThree(q) + q.commonsCarry == before + amount * SCALE);
        }
    }

    /// @notice A claim pays what was claimable, no more than the entitlement, and takes it off the books.
    function check_S1_claim_takes_what_it_pays() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        anyBalance();
        uint256 owed = claimable(ALICE);
        uint256 paid = claim(ALICE);
        assert(paid == owed);
        assert(asset.balanceOf(ALICE) == paid);
        unchecked {
            assertKept(p, member(ALICE), entitlement(p, m) - paid * SCALE);
        }
    }

    function check_S1_vest_adds_what_was_pending() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        unchecked {
            VM.assume(m.shares + shares <= p.shares);
            splitter.vestShares(POOL, ALICE, shares, entry);
            Member memory n = member(ALICE);
            assert(n.shares == m.shares + shares);
            assertBlended(n, m.shares * m.index + shares * entry);
            assertKept(p, n, entitlement(p, m) + shares * (now_(p) - entry));
        }
    }

    /// @notice An account that left and comes back keeps its credit, and its new shares earn from their entry.
    function check_S1_vest_after_an_exit_keeps_the_credit() external {
        Pool memory p = anyPool();
        Member memory m = anyFormerMember(ALICE);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        VM.assume(shares <= p.shares);
        splitter.vestShares(POOL, ALICE, shares, entry);
        unchecked {
            assertKept(p, member(ALICE), entitlement(p, m) + shares * (now_(p) - entry));
        }
    }

    function check_S1_drop_credits_what_was_pending() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        splitter.dropPendingShares(POOL, ALICE, shares, entry);
        unchecked {
            assertKept(p, member(ALICE), entitlement(p, m) + shares * (now_(p) - entry));
        }
    }

    function check_S1_removal_keeps_the_entitlement() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        splitter.removeShares(POOL, ALICE, anyShares());
        assertKept(p, member(ALICE), entitlement(p, m));
    }

    /// @notice A member that moves to another account brings what it is owed, and costs that account none of its own.
    function check_S1_move_adds_what_moved() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        Member memory n = anyMember(BOB, p);
        unchecked {
            VM.assume(m.shares + n.shares <= p.shares);
            splitter.moveMember(POOL, ALICE, BOB);
            Member memory both = member(BOB);
            assert(both.shares == m.shares + n.shares);
            assert(both.credit == m.credit + n.credit);
            assertBlended(both, m.shares * m.index + n.shares * n.index);
            assertKept(p, both, entitlement(p, m) + entitlement(p, n));
        }
        assert(member(ALICE).shares == 0);
        assert(claimable(ALICE) == 0);
    }

    /// @notice Where entitlements and remainder are covered by what is left of the money, as the other proofs keep it,
    /// all that three members can claim is within `conservation().owedUpperBound`, and that within the money left.
    function check_S1_claimables_fit_into_what_is_owed() external {
        Pool memory p = anyPool();
        Member memory a = anyMember(ALICE, p);
        Member memory b = anyMember(BOB, p);
        Member memory c = anyFormerMember(CAROL);
        unchecked {
            uint256 received = p.received + p.commonsReceived;
            uint256 paid = anyBooks(received);
            uint256 owed = entitlement(p, a) + entitlement(p, b) + entitlement(p, c) + p.carry + p.commonsCarry;
            VM.assume(owed <= (received - paid) * SCALE);
            (,, uint256 owedUpperBound,) = splitter.conservation(COMMONS, POOL + 1);
            assert(claimable(ALICE) + claimable(BOB) + claimable(CAROL) <= owedUpperBound);
            assert(owedUpperBound <= received - paid);
        }
    }

    function threeMembers(Pool memory p) private returns (Member memory a, Member memory b, Member memory c) {
        (a, b, c) = (anyMember(ALICE, p), anyMember(BOB, p), anyMember(CAROL, p));
        unchecked {
            VM.assume(a.shares + b.shares + c.shares == p.shares);
        }
    }

    function owedToThree(Pool memory p) private view returns (uint256) {
        unchecked {
            return entitlement(p, member(ALICE)) + entitlement(p, member(BOB)) + entitlement(p, member(CAROL));
        }
    }

    /// @dev The member is owed `expected` or less, by less than one unit, and can be reckoned with further.
    function assertKept(Pool memory p, Member memory m, uint256 expected) private pure {
        assert(m.index <= now_(p));
        uint256 kept = entitlement(p, m);
        assert(kept <= expected);
        unchecked {
            assert(expected - kept < SCALE);
        }
    }

    /// @dev A step on the way to `assertKept`, for the solver: the blended index stands for what both indices stood for
    /// apart, or for more, by less than one index unit a share.
    function assertBlended(Member memory m, uint256 apart) private pure {
        unchecked {
            assert(m.shares * m.index >= apart);
            assert(m.shares * m.index - apart < m.shares || m.shares == 0);
        }
    }
}
