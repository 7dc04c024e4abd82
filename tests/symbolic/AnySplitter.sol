// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {TestAsset} from "../../contracts/mocks/assets/TestAsset.sol";
import {SVM, VM, deploy} from "./Vm.sol";

/// @notice The real splitter in any state whatever: commons, pool and members are written straight into its storage, as
/// unknowns. The proof stands in the place of registry, token and payer.
/// @dev The commons, one pool of a dataset and three accounts, by number: the contract treats all keys of its mappings
/// alike. Accumulators and indices are below their modulus here, 2**176. That loses nothing: the contract looks at
/// differences only, and `check_S8_only_differences_count` proves that these are the same wherever counting begins.
abstract contract AnySplitter {
    /// @dev Of the dataset; `commons` is the accumulator of pool 0, and `all` the shares of every pool.
    struct Pool {
        uint256 acc;
        uint256 shares;
        uint256 received;
        uint256 carry;
        uint256 commons;
        uint256 all;
        uint256 commonsReceived;
        uint256 commonsCarry;
    }

    struct Member {
        uint256 index;
        uint256 shares;
        uint256 credit;
    }

    uint256 internal constant COMMONS = 0;
    uint256 internal constant POOL = 1;
    uint256 internal constant SCALE = 1 << 64;
    uint256 internal constant MIN_SHARES = 1e9;
    uint256 internal constant MAX_SHARES = (1 << 63) - 1;
    uint256 internal constant MAX_OWED = (1 << 111) - 1;
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    address internal constant CAROL = address(0xca201);

    uint256 private constant POOLS = 3;
    uint256 private constant MEMBERS = 4;
    uint256 private constant CREDITS = 5;

    TestAsset internal asset;
    IRevenueSplitter internal splitter;

    function setUp() public {
        asset = new TestAsset("", "", 0);
        System memory system;
        system.registry = address(this);
        system.token = address(this);
        // The constructor refuses any address but the one that `system` names. Halmos counts addresses up.
        system.splitter = address(uint160(address(asset)) + 1);
        splitter = IRevenueSplitter(deploy("RevenueSplitter.sol:RevenueSplitter", abi.encode(system, asset)));
        asset.approve(address(splitter), type(uint256).max);
    }

    /* STATES */

    function anyPool() internal returns (Pool memory p) {
        p.acc = SVM.createUint(174, "acc");
        p.shares = SVM.createUint(63, "poolShares");
        p.received = SVM.createUint(126, "received");
        p.carry = SVM.createUint(63, "carry");
        p.commons = SVM.createUint(174, "commons");
        p.all = SVM.createUint(63, "allShares");
        p.commonsReceived = SVM.createUint(126, "commonsReceived");
        p.commonsCarry = SVM.createUint(63, "commonsCarry");
        VM.assume(p.shares <= p.all);
        _store(_poolSlot(), p.acc | p.shares << 176);
        _store(_poolSlot() + 1, p.received | p.carry << 128);
        _store(0, p.commons);
        _store(1, p.all | p.commonsCarry << 64 | p.commonsReceived << 128);
        _store(2, (POOL + 1) << 48);
    }

    /// @dev A member with shares. That an index never passes the accumulators is part of each proof about an action. So
    /// is that a credit is flagged; the flag is what tells the contract to look for one. Every `assume` is one
    /// comparison: a path saved.
    function anyMember(address account, Pool memory p) internal returns (Member memory m) {
        m.index = SVM.createUint(175, "index");
        m.shares = SVM.createUint(63, "shares");
        m.credit = SVM.createUint(111, "credit");
        uint256 flag = SVM.createUint(1, "flag");
        VM.assume(m.index <= now_(p));
        VM.assume(m.shares <= p.shares);
        VM.assume(m.shares != 0);
        VM.assume(m.credit <= (flag << 111) - flag);
        _store(_memberSlot(MEMBERS, account), m.index | m.shares << 176 | flag << 240);
        _store(_memberSlot(CREDITS, account), m.credit);
    }

    /// @dev A member, or an account that never was one.
    function anyMemberOrNone(address account, Pool memory p) internal returns (Member memory m) {
        if (SVM.createUint(1, "isMember") == 1) return anyMember(account, p);
    }

    /// @dev An account that left with income unclaimed: the credit stands where the index was.
    function anyFormerMember(address account) internal returns (Member memory m) {
        m.credit = SVM.createUint(111, "credit");
        _store(_memberSlot(MEMBERS, account), m.credit | 1 << 240);
    }

    /// @dev Another account in the state of `account`.
    function copyMember(address account, address copy) internal {
        _store(_memberSlot(MEMBERS, copy), _load(_memberSlot(MEMBERS, account)));
        _store(_memberSlot(CREDITS, copy), _load(_memberSlot(CREDITS, account)));
    }

    /// @dev All that was ever paid, as `conservation` reports it: what is owed fits its bound.
    function anyBooks(uint256 received) internal returns (uint256 paid) {
        uint256 low = SVM.createUint(80, "paidLow");
        uint256 high = SVM.createUint(48, "paidHigh");
        paid = high << 80 | low;
        VM.assume(paid <= received);
        _store(0, (_load(0) << 80 >> 80) | low << 176);
        _store(2, high | (POOL + 1) << 48);
    }

    function anyShares() internal pure returns (uint256) {
        return SVM.createUint(63, "changed");
    }

    /// @dev Money in the splitter, received from whomever.
    function anyBalance() internal returns (uint256 balance) {
        balance = SVM.createUint(200, "balance");
        asset.mint(address(splitter), balance);
    }

    function anyAmount() internal pure returns (uint256 amount) {
        amount = SVM.createUint(111, "amount");
        VM.assume(amount != 0);
    }

    function anyEntry(Pool memory p) internal pure returns (uint256 entry) {
        entry = SVM.createUint(175, "entry");
        VM.assume(entry <= now_(p));
    }

    function pool() internal view returns (Pool memory p) {
        (p.acc, p.shares, p.received, p.carry) = splitter.pool(POOL);
        (p.commons, p.all, p.commonsReceived, p.commonsCarry) = splitter.pool(COMMONS);
    }

    function member(address account) internal view returns (Member memory m) {
        uint256 word = _load(_memberSlot(MEMBERS, account));
        m.shares = splitter.sharesOf(POOL, account);
        if (m.shares != 0) (m.index, m.credit) = (uint176(word), _load(_memberSlot(CREDITS, account)));
        else if (word >> 240 != 0) m.credit = uint176(word);
    }

    /* WHAT IS OWED */

    /// @dev Income of one share so far, as an index.
    function now_(Pool memory p) internal pure returns (uint256) {
        unchecked {
            return p.acc + p.commons;
        }
    }

    /// @dev What the account is owed before rounding, in units of 1/SCALE. Nothing here overflows: products have
    /// 63 + 176 bits, credits 175 + 64.
    function entitlement(Pool memory p, Member memory m) internal pure returns (uint256) {
        unchecked {
            return m.shares * (now_(p) - m.index) + m.credit * SCALE;
        }
    }

    function claimable(address account) internal view returns (uint256) {
        return splitter.claimable(account, poolIds());
    }

    function poolIds() internal pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = POOL;
    }

    /* ACTIONS */

    function deposit(uint256 poolId, uint256 amount) internal {
        asset.mint(address(this), amount);
        splitter.deposit(poolId, amount);
    }

    function claim(address account) internal returns (uint256) {
        return splitter.claim(account, poolIds());
    }

    /* STORAGE */

    function _poolSlot() private pure returns (uint256) {
        return uint256(keccak256(abi.encode(POOL, POOLS)));
    }

    function _memberSlot(uint256 mappingSlot, address account) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(account, keccak256(abi.encode(POOL, mappingSlot)))));
    }

    function _store(uint256 slot, uint256 value) private {
        VM.store(address(splitter), bytes32(slot), bytes32(value));
    }

    function _load(uint256 slot) private view returns (uint256) {
        return uint256(VM.load(address(splitter), bytes32(slot)));
    }
}
