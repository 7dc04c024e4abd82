// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnySplitter} from "./AnySplitter.sol";
import {SVM, VM} from "./Vm.sol";

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
        Member memory m = anyMemberOrNone(ALICE, p);
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

    function check_S8_move_succeeds() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        Member memory n = anyMemberOrNone(BOB, p);
        unchecked {
            VM.assume(m.shares + n.shares <= p.shares);
        }
        try splitter.moveMember(POOL, ALICE, BOB) {}
        catch {
            assert(false);
        }
    }

    /// @notice `acceptsDeposit` is the whole truth: a deposit succeeds if and only if it says so, whatever was received
    /// and paid before, and whatever money is there.
    function check_S8_deposit_succeeds_iff_accepted() external {
        Pool memory p = anyPool();
        unchecked {
            anyBooks(p.received + p.commonsReceived);
        }
        anyBalance();
        uint256 amount = SVM.createUint(112, "amount");
        VM.assume(amount != 0);
        asset.mint(address(this), amount);
        bool accepted = splitter.acceptsDeposit(POOL, amount);
        try splitter.deposit(POOL, amount) {
            assert(accepted);
        } catch {
            assert(!accepted);
        }
    }

    /// @notice Where what is owed is there, it is within its bound after every deposit.
    function check_S8_what_is_owed_stays_bounded() external {
        Pool memory p = anyPool();
        unchecked {
            uint256 received = p.received + p.commonsReceived;
            uint256 paid = anyBooks(received);
            VM.assume(received - paid <= anyBalance());
            uint256 amount = SVM.createUint(112, "amount");
            deposit(POOL, amount);
            assert(received + amount - paid <= MAX_OWED || amount == 0);
        }
    }

    /// @notice A live pool accepts whatever may still be owed, however much was received and paid before.
    function check_X6_what_is_owed_alone_refuses() external {
        Pool memory p = anyPool();
        VM.assume(p.shares >= MIN_SHARES);
        unchecked {
            uint256 received = p.received + p.commonsReceived;
            uint256 paid = anyBooks(received);
            uint256 amount = anyAmount();
            anyBalance();
            VM.assume(received - paid + amount <= MAX_OWED);
            assert(splitter.acceptsDeposit(POOL, amount));
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

    /// @notice A deposit moves the accumulator by at most `SCALE / MIN_SHARES` for each unit that came in. So half the
    /// modulus, beyond which a growth would lose its sign, is more than any money that is owed at once.
    function check_S10_growth_costs_money() external {
        Pool memory p = anyPool();
        uint256 amount = anyAmount();
        deposit(POOL, amount);
        unchecked {
            assert((pool().acc - p.acc) * MIN_SHARES <= amount * SCALE + p.carry);
        }
    }
}
