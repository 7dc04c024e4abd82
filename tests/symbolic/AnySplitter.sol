// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {TestAsset} from "../../contracts/mocks/assets/TestAsset.sol";
import {SVM, VM, deploy} from "./Vm.sol";

/// @notice The real splitter in any state whatever: pool and members are written straight into its storage, as unknowns
/// of the full width of their fields. The proof stands in the place of registry, token and payer.
/// @dev One pool and three accounts, by number: the contract treats all keys of its mappings alike.
abstract contract AnySplitter {
    struct Pool {
        uint256 acc;
        uint256 shares;
        uint256 received;
        uint256 carry;
    }

    struct Member {
        uint256 index;
        uint256 shares;
        uint256 credit;
    }

    uint256 internal constant POOL = 0;
    uint256 internal constant SCALE = 1 << 64;
    uint256 internal constant MIN_SHARES = 1e9;
    uint256 internal constant MAX_SHARES = (1 << 63) - 1;
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    address internal constant CAROL = address(0xca201);

    TestAsset internal asset;
    IRevenueSplitter internal splitter;

    function setUp() public {
        asset = new TestAsset("", "", 0);
        System memory system;
        system.registry = address(this);
        system.token = address(this);
        // A contract refuses to be born at any address but the one it was told. Halmos counts addresses up.
        system.splitter = address(uint160(address(asset)) + 1);
        splitter = IRevenueSplitter(deploy("RevenueSplitter.sol:RevenueSplitter", abi.encode(system, asset)));
        asset.approve(address(splitter), type(uint256).max);
    }

    /* STATES */

    function anyPool() internal returns (Pool memory p) {
        p.acc = SVM.createUint(176, "acc");
        p.shares = SVM.createUint(63, "poolShares");
        p.received = SVM.createUint(175, "received");
        p.carry = SVM.createUint(63, "carry");
        _store(_poolSlot(), p.acc | p.shares << 176);
        _store(_poolSlot() + 1, p.received | p.carry << 192);
    }

    /// @dev That an index never passes the accumulator is part of each proof about an action. So is that a credit is
    /// flagged; the flag is what tells the contract to look for one. Every `assume` is one comparison: a path saved.
    function anyMember(address account, Pool memory p) internal returns (Member memory m) {
        m.index = SVM.createUint(176, "index");
        m.shares = SVM.createUint(63, "shares");
        m.credit = SVM.createUint(175, "credit");
        uint256 flag = SVM.createUint(1, "flag");
        VM.assume(m.index <= p.acc);
        VM.assume(m.shares <= p.shares);
        VM.assume(m.credit <= (flag << 175) - flag);
        _store(_memberSlot(1, account), m.index | m.shares << 176 | flag << 240);
        _store(_memberSlot(2, account), m.credit);
    }

    /// @dev A member that entered just now: nothing earned yet.
    function anyNewcomer(address account, Pool memory p) internal returns (Member memory m) {
        m.index = p.acc;
        m.shares = SVM.createUint(63, "shares");
        VM.assume(m.shares <= p.shares);
        _store(_memberSlot(1, account), m.index | m.shares << 176);
    }

    /// @dev Another account in the state of `account`.
    function copyMember(address account, address copy) internal {
        _store(_memberSlot(1, copy), _load(_memberSlot(1, account)));
        _store(_memberSlot(2, copy), _load(_memberSlot(2, account)));
    }

    /// @dev All money that the splitter was ever given or paid, as `conservation` reports it.
    function anyBooks(uint256 received) internal returns (uint256 paid) {
        paid = SVM.createUint(175, "paid");
        VM.assume(paid <= received);
        _store(3, paid);
        _store(4, POOL + 1);
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
        amount = SVM.createUint(175, "amount");
        VM.assume(amount != 0);
    }

    function pool() internal view returns (Pool memory p) {
        (p.acc, p.shares, p.received, p.carry) = splitter.pool(POOL);
    }

    function member(address account) internal view returns (Member memory m) {
        m.index = uint176(_load(_memberSlot(1, account)));
        m.shares = splitter.sharesOf(POOL, account);
        m.credit = _load(_memberSlot(2, account));
    }

    function anyEntry(Pool memory p) internal pure returns (uint256 entry) {
        entry = SVM.createUint(176, "entry");
        VM.assume(entry <= p.acc);
    }

    /* WHAT IS OWED */

    /// @dev What the account is owed before rounding, in units of 1/SCALE. Nothing here overflows: products have
    /// 63 + 176 bits, credits 175 + 64.
    function entitlement(Pool memory p, Member memory m) internal pure returns (uint256) {
        unchecked {
            return m.shares * (p.acc - m.index) + m.credit * SCALE;
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

    function deposit(uint256 amount) internal {
        asset.mint(address(this), amount);
        splitter.deposit(POOL, amount);
    }

    function claim(address account) internal returns (uint256) {
        return splitter.claim(account, poolIds());
    }

    /* STORAGE */

    function _poolSlot() private pure returns (uint256) {
        return uint256(keccak256(abi.encode(POOL, 0)));
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
