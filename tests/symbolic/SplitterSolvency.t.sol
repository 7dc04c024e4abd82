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
        deposit(amount);
        Pool memory q = pool();
        unchecked {
            assert(amount * SCALE + p.carry == (q.acc - p.acc) * p.shares + q.carry);
        }
        assert(q.carry < p.shares);
        assert(q.shares == p.shares);
        assert(q.received == p.received + amount);
        assert(asset.balanceOf(address(splitter)) == amount);
    }

    /// @notice What three members who hold the whole pool are owed grows by the deposit, remainder included.
    function check_S1_deposit_adds_what_came_in() external {
        Pool memory p = anyPool();
        Member memory a = anyMember(ALICE, p);
        Member memory b = anyMember(BOB, p);
        Member memory c = anyMember(CAROL, p);
        uint256 amount = anyAmount();
        unchecked {
            VM.assume(a.shares + b.shares + c.shares == p.shares);
            deposit(amount);
            Pool memory q = pool();
            uint256 before = entitlement(p, a) + entitlement(p, b) + entitlement(p, c) + p.carry;
            uint256 afterwards =
                entitlement(q, member(ALICE)) + entitlement(q, member(BOB)) + entitlement(q, member(CAROL)) + q.carry;
            assert(afterwards == before + amount * SCALE);
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
            assertKept(p, n, entitlement(p, m) + shares * (p.acc - entry));
        }
    }

    function check_S1_drop_credits_what_was_pending() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        splitter.dropPendingShares(POOL, ALICE, shares, entry);
        unchecked {
            assertKept(p, member(ALICE), entitlement(p, m) + shares * (p.acc - entry));
        }
    }

    function check_S1_removal_keeps_the_entitlement() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        splitter.removeShares(POOL, ALICE, anyShares());
        assertKept(p, member(ALICE), entitlement(p, m));
    }

    /// @notice A transfer takes from the sender nothing that it earned.
    function check_S1_transfer_conserves_the_senders_entitlement() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        splitter.moveShares(ALICE, BOB, shares);
        unchecked {
            assert(member(ALICE).shares == m.shares - shares);
        }
        assertKept(p, member(ALICE), entitlement(p, m));
    }

    /// @notice A transfer brings the recipient no income of the past, and costs it none of its own.
    /// @dev The sender's index and credit are its own affair, so here it is a newcomer with neither.
    function check_S1_transfer_conserves_the_recipients_entitlement() external {
        Pool memory p = anyPool();
        Member memory sender = anyNewcomer(ALICE, p);
        Member memory m = anyMember(BOB, p);
        uint256 shares = anyShares();
        unchecked {
            VM.assume(sender.shares + m.shares <= p.shares);
            splitter.moveShares(ALICE, BOB, shares);
            Member memory n = member(BOB);
            assert(n.shares == m.shares + shares);
            assertBlended(n, m.shares * m.index + shares * p.acc);
            assertKept(p, n, entitlement(p, m));
        }
    }

    /// @notice Where entitlements and remainder are covered by what is left of the money, as the other proofs keep it,
    /// all that three members can claim is within `conservation().owedUpperBound`, and that within the money left.
    function check_S1_claimables_fit_into_what_is_owed() external {
        Pool memory p = anyPool();
        Member memory a = anyMember(ALICE, p);
        Member memory b = anyMember(BOB, p);
        Member memory c = anyMember(CAROL, p);
        uint256 paid = anyBooks(p.received);
        unchecked {
            uint256 owed = entitlement(p, a) + entitlement(p, b) + entitlement(p, c) + p.carry;
            VM.assume(owed <= (p.received - paid) * SCALE);
            (,, uint256 owedUpperBound,) = splitter.conservation();
            assert(claimable(ALICE) + claimable(BOB) + claimable(CAROL) <= owedUpperBound);
            assert(owedUpperBound <= p.received - paid);
        }
    }

    /// @dev The member is owed `expected` or less, by less than one unit, and can be reckoned with further.
    function assertKept(Pool memory p, Member memory m, uint256 expected) private pure {
        assert(m.index <= p.acc);
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
