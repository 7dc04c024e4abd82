// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISuccession} from "../interfaces/ISuccession.sol";
import {DaoContracts} from "../libraries/DaoContracts.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {Signers} from "../libraries/Signers.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice Who is whose heir, since when, and whether its time has come; what moves then is the token's.
abstract contract Succession is ISuccession, DaoContracts, EIP712, Nonces {
    /// @dev One slot. `since` is the second of the binding, or, after a veto, the end of the wait: a veto binds the
    /// heir anew, one delay later.
    struct Binding {
        address heir;
        uint40 since;
        uint40 openedAt;
        uint16 delayDays;
    }

    uint256 private constant _MIN_DELAY_DAYS = 30;
    uint256 private constant _MAX_DELAY_DAYS = 365;
    /// @dev Each step of a chain is two cold reads of whoever asks for the holder.
    uint256 internal constant _MAX_STEPS = 8;

    bytes32 private constant _BIND_TYPEHASH =
        keccak256("BindHeir(address account,address heir,uint256 delayDays,uint256 nonce,uint48 deadline)");
    bytes32 private constant _UNBIND_TYPEHASH = keccak256("UnbindHeir(address account,uint256 nonce,uint48 deadline)");
    bytes32 private constant _OPEN_TYPEHASH =
        keccak256("OpenSuccession(address account,address heir,uint256 nonce,uint48 deadline)");
    bytes32 private constant _VETO_TYPEHASH = keccak256("VetoSuccession(address account,uint48 openedAt)");

    /* STORAGE */

    /// @dev Never cleared once the account is succeeded: then `heir` is the next step of its chain.
    mapping(address account => Binding) internal _bindings;

    /* ACTIONS: THE ACCOUNT */

    /// @inheritdoc ISuccession
    function bindHeir(address heir, uint256 delayDays) external override {
        _bind(msg.sender, heir, delayDays);
    }

    /// @inheritdoc ISuccession
    function bindHeirBySig(
        address account,
        address heir,
        uint256 delayDays,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external override {
        bytes32 message = keccak256(abi.encode(_BIND_TYPEHASH, account, heir, delayDays, nonce, deadline));
        _useSignature(account, message, nonce, deadline, signature);
        _bind(account, heir, delayDays);
    }

    /// @inheritdoc ISuccession
    function unbindHeir() external override {
        _unbind(msg.sender);
    }

    /// @inheritdoc ISuccession
    function unbindHeirBySig(address account, uint256 nonce, uint48 deadline, bytes calldata signature)
        external
        override
    {
        bytes32 message = keccak256(abi.encode(_UNBIND_TYPEHASH, account, nonce, deadline));
        _useSignature(account, message, nonce, deadline, signature);
        _unbind(account);
    }

    /// @inheritdoc ISuccession
    function vetoSuccession() external override {
        _veto(msg.sender, _bindings[msg.sender].openedAt);
    }

    /// @inheritdoc ISuccession
    function vetoSuccessionBySig(address account, uint48 openedAt, bytes calldata signature) external override {
        _requireSignature(account, keccak256(abi.encode(_VETO_TYPEHASH, account, openedAt)), signature);
        _veto(account, openedAt);
    }

    /* ACTIONS: THE HEIR */

    /// @inheritdoc ISuccession
    function openSuccession(address account) external override {
        _open(account, _heirOf(account), msg.sender);
    }

    /// @inheritdoc ISuccession
    function openSuccessionBySig(address account, uint256 nonce, uint48 deadline, bytes calldata signature)
        external
        override
    {
        address heir = _heirOf(account);
        bytes32 message = keccak256(abi.encode(_OPEN_TYPEHASH, account, heir, nonce, deadline));
        _useSignature(heir, message, nonce, deadline, signature);
        _open(account, heir, heir);
    }

    /* VIEWS */

    /// @inheritdoc ISuccession
    function succession(address account)
        external
        view
        override
        returns (address heir, uint256 delayDays, uint48 since, uint48 openedAt, bool isSucceeded)
    {
        Binding storage b = _bindings[account];
        return (b.heir, b.delayDays, b.since, b.openedAt, _isSucceeded(account));
    }

    /* INTERNALS */

    function _bind(address account, address heir, uint256 delayDays) private {
        _requireFree(account);
        if (_isSucceeded(heir)) revert DataToken_AccountSucceeded(heir);
        if (heir == address(0) || heir == account || _isDaoContract(heir) || _isDaoContract(account)) {
            revert DataToken_InvalidHeir(account, heir);
        }
        if (Protocol.isOutside(delayDays, _MIN_DELAY_DAYS, _MAX_DELAY_DAYS)) {
            revert DataToken_InvalidDelay(delayDays, _MIN_DELAY_DAYS, _MAX_DELAY_DAYS);
        }
        _bindings[account] = Binding(heir, uint40(block.timestamp), 0, uint16(delayDays));
        emit HeirBound(account, heir, delayDays);
    }

    function _unbind(address account) private {
        _requireFree(account);
        address heir = _bindings[account].heir;
        if (heir == address(0)) return;
        delete _bindings[account];
        emit HeirUnbound(account, heir);
    }

    function _open(address account, address heir, address caller) private {
        if (caller != heir) revert DataToken_NotHeir(caller, heir);
        if (_isSucceeded(account)) revert DataToken_AccountSucceeded(account);
        Binding storage b = _bindings[account];
        if (b.openedAt != 0) revert DataToken_AlreadyOpen(account, b.openedAt);
        if (block.timestamp < b.since) revert DataToken_TooEarly(account, b.since);
        b.openedAt = uint40(block.timestamp);
        emit SuccessionOpened(account, heir, _after(b, block.timestamp));
    }

    function _veto(address account, uint48 openedAt) private {
        _requireFree(account);
        Binding storage b = _bindings[account];
        if (openedAt == 0 || b.openedAt != openedAt) revert DataToken_NotOpen(account, openedAt);
        uint48 until = _after(b, block.timestamp);
        (b.since, b.openedAt) = (uint40(until), 0);
        emit SuccessionVetoed(account, b.heir, until);
    }

    /// @dev Refuses an account whose succession cannot be stopped any more.
    function _requireFree(address account) private view {
        if (_isSucceeded(account)) revert DataToken_AccountSucceeded(account);
        Binding storage b = _bindings[account];
        if (b.openedAt == 0) return;
        uint48 due = _after(b, b.openedAt);
        if (block.timestamp >= due) revert DataToken_TooLate(account, due);
    }

    /// @dev Refuses the first execution before its time; the heir it would go to.
    function _requireDue(address account) internal view returns (address heir) {
        heir = _heirOf(account);
        Binding storage b = _bindings[account];
        uint48 own = _after(b, b.since);
        if (msg.sender == account && block.timestamp >= own) return heir;
        if (b.openedAt == 0) {
            if (msg.sender == account) revert DataToken_TooEarly(account, own);
            revert DataToken_NotOpen(account, 0);
        }
        uint48 due = _after(b, b.openedAt);
        if (block.timestamp < due) revert DataToken_TooEarly(account, due);
    }

    /// @dev The heir of an account that is not succeeded, or whoever took the heir's place.
    function _heirOf(address account) private view returns (address heir) {
        heir = _bindings[account].heir;
        if (heir == address(0)) revert DataToken_NoHeir(account);
        (heir,) = _follow(heir, 1);
        if (heir == account) revert DataToken_SuccessionCircle(account);
    }

    /// @dev The end of the account's chain of heirs, and the steps there, `steps` of them taken before.
    function _follow(address account, uint256 steps) internal view returns (address holder, uint256) {
        holder = account;
        for (; _isSucceeded(holder); ++steps) {
            if (steps == _MAX_STEPS) revert DataToken_ChainTooLong(account, _MAX_STEPS);
            holder = _bindings[holder].heir;
        }
        return (holder, steps);
    }

    /// @dev One delay later.
    function _after(Binding storage b, uint256 time) private view returns (uint48) {
        return uint48(time + uint256(b.delayDays) * 1 days);
    }

    function _useSignature(address account, bytes32 message, uint256 nonce, uint48 deadline, bytes calldata signature)
        private
    {
        if (block.timestamp > deadline) revert DataToken_DeadlinePassed(deadline, uint48(block.timestamp));
        _requireSignature(account, message, signature);
        _useCheckedNonce(account, nonce);
    }

    function _requireSignature(address account, bytes32 message, bytes calldata signature) private view {
        if (!Signers.isValid(account, _hashTypedDataV4(message), signature)) {
            revert DataToken_InvalidSignature(account);
        }
    }

    function _isSucceeded(address account) internal view virtual returns (bool);
}
