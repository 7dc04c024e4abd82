// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnySplitter} from "./AnySplitter.sol";
import {VM} from "./Vm.sol";

/// @notice From any state, what is due can be had: no number that the fields can hold makes an action revert.
contract SplitterLiveness is AnySplitter {
    /// @notice What is claimable can always be read, and had, where the money is there.
    function check_S8_claim_succeeds() external {
        Pool memory p = anyPool();
        anyMember(ALICE, p);
        uint256 balance = anyBalance();
        try splitter.claimable(ALICE, poolIds()) returns (uint256 owed) {
            VM.assume(owed <= balance);
        } catch {
            assert(false);
        }
        try splitter.claim(ALICE, poolIds()) {}
        catch {
            assert(false);
        }
    }

    function check_S8_removal_succeeds() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        VM.assume(shares <= m.shares);
        try splitter.removeShares(POOL, ALICE, shares) {}
        catch {
            assert(false);
        }
    }

    function check_S8_vest_succeeds() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        unchecked {
            VM.assume(m.shares + shares <= p.shares);
        }
        try splitter.vestShares(POOL, ALICE, shares, entry) {}
        catch {
            assert(false);
        }
    }

    function check_S8_drop_succeeds() external {
        Pool memory p = anyPool();
        anyMember(ALICE, p);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        VM.assume(shares <= p.shares);
        try splitter.dropPendingShares(POOL, ALICE, shares, entry) {}
        catch {
            assert(false);
        }
    }

    function check_S8_transfer_succeeds() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        Member memory n = anyMember(BOB, p);
        uint256 shares = anyShares();
        VM.assume(shares <= m.shares);
        unchecked {
            VM.assume(m.shares + n.shares <= p.shares);
        }
        try splitter.moveShares(ALICE, BOB, shares) {}
        catch {
            assert(false);
        }
    }

    /// @notice `acceptsDeposit` is the whole truth: a deposit succeeds if and only if it says so.
    /// @dev That receipts are at most half the accumulator is what `check_S10_receipts_fill_later` keeps.
    function check_S8_deposit_succeeds_iff_accepted() external {
        Pool memory p = anyPool();
        unchecked {
            VM.assume(2 * p.received <= p.acc);
        }
        uint256 amount = anyAmount();
        asset.mint(address(this), amount);
        bool accepted = splitter.acceptsDeposit(POOL, amount);
        try splitter.deposit(POOL, amount) {
            assert(accepted);
        } catch {
            assert(!accepted);
        }
    }

    /// @notice A pool below the minimum refuses every deposit, and nothing moves.
    function check_S10_small_pool_refuses() external {
        Pool memory p = anyPool();
        VM.assume(p.shares < MIN_SHARES);
        uint256 amount = anyAmount();
        asset.mint(address(this), amount);
        try splitter.deposit(POOL, amount) {
            assert(false);
        } catch {
            Pool memory q = pool();
            assert(q.acc == p.acc && q.received == p.received && q.carry == p.carry);
            assert(asset.balanceOf(address(this)) == amount);
        }
    }

    /// @notice The accumulator rises by at most `SCALE / MIN_SHARES` for a unit received, at every deposit from birth
    /// on. So it is full only after deposits of 2**141 units, in whatever order shares come and go.
    function check_S10_accumulator_fills_only_with_money() external {
        Pool memory p = anyPool();
        unchecked {
            VM.assume(p.acc * MIN_SHARES + p.carry <= p.received * SCALE);
            deposit(anyAmount());
            Pool memory q = pool();
            assert(q.acc * MIN_SHARES + q.carry <= q.received * SCALE);
        }
    }

    /// @notice Receipts are at most half the accumulator, at every deposit from birth on: their field cannot overflow.
    function check_S10_receipts_fill_later() external {
        Pool memory p = anyPool();
        unchecked {
            VM.assume(2 * p.received <= p.acc);
            deposit(anyAmount());
            Pool memory q = pool();
            assert(2 * q.received <= q.acc);
        }
    }
}
