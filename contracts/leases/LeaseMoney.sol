// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {LeaseStore} from "./LeaseStore.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The books of `DataLeases` and all its transfers: escrow in, instalments and slashes to the splitter, and
/// what licensees and the treasury pull.
/// @dev `owed` counts every unit exactly once: as escrowed rent, as bond, as returnable, or as the treasury's. It rises
/// after money arrived and falls before money leaves, so `solvency` holds inside the asset's hooks too.
abstract contract LeaseMoney is LeaseStore {
    using LeaseTerms for PackedTerms;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev One slot. uint128 holds 65,536 leases of the largest size the terms can express.
    struct Books {
        uint128 owed;
        uint32 leases;
        uint32 offers;
    }

    uint256 internal constant _COMMONS = 0;

    /* STORAGE */

    Books internal _books;
    /// @inheritdoc IDataLeases
    uint256 public override treasuryOwed;
    mapping(uint256 leaseId => uint256) internal _returnable;

    /* TREASURY */

    /// @inheritdoc IDataLeases
    function withdrawTreasury() external override nonReentrant returns (uint256 amount) {
        amount = treasuryOwed;
        if (amount == 0) return 0;
        treasuryOwed = 0;
        emit TreasuryPaid(amount);
        _push(_timelock, amount);
    }

    /* VIEWS */

    /// @inheritdoc IDataLeases
    function solvency() external view override returns (uint256 balance, uint256 owed) {
        return (IERC20(asset).balanceOf(address(this)), _books.owed);
    }

    /* INSTALMENTS AND SLASHES */

    /// @dev Pays one instalment and moves the end of paid access. The dataset's pool must take it: without
    /// contributors nobody is owed rent, and the licensee keeps its money.
    function _payInstalment(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint48 paidUntil) internal {
        (uint256 toDataset, uint256 toCommons, uint256 toTreasury) = _liveCuts(terms);
        uint256 datasetId = terms.datasetId;
        if (_isDead(datasetId, toDataset)) revert DataLeases_DeadPool(datasetId);

        uint16 period = l.paidPeriods + 1;
        l.paidPeriods = period;
        l.paidUntil = uint256(paidUntil).toUint40();
        if (toTreasury != 0) treasuryOwed += toTreasury;
        emit InstalmentPaid(leaseId, period, toDataset, toCommons, toTreasury, paidUntil);
        if (toDataset != 0) _deposit(datasetId, toDataset, toCommons);
    }

    /// @dev Whether the lease's next instalment has nowhere to go. A zero price needs no pool.
    function _hasDeadPool(PackedTerms storage terms) internal view returns (bool) {
        (uint256 toDataset,,) = _liveCuts(terms);
        return _isDead(terms.datasetId, toDataset);
    }

    /// @dev Takes `bps` of the original bond, or what earlier slashes left of the maximum.
    function _slash(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint256 bps)
        internal
        returns (uint256 amount)
    {
        uint256 left = uint256(terms.bond) * maxSlashBps / LeaseTerms.BPS - l.slashed;
        amount = Math.min(uint256(terms.bond) * bps / LeaseTerms.BPS, left);
        if (amount == 0) return 0;
        // Below the bond, so it fits.
        l.slashed += uint96(amount);
        uint256 datasetId = terms.datasetId;
        bool toTreasury = _isDead(datasetId, amount);
        emit BondSlashed(leaseId, amount, toTreasury);
        if (toTreasury) treasuryOwed += amount;
        else _deposit(datasetId, amount, 0);
    }

    /* TRANSFERS */

    /// @dev Money first, books second; the guard keeps everybody else out meanwhile.
    function _pull(address from, uint256 amount) internal {
        if (amount == 0) return;
        uint256 before = IERC20(asset).balanceOf(address(this));
        IERC20(asset).safeTransferFrom(from, address(this), amount);
        uint256 arrived = Math.saturatingSub(IERC20(asset).balanceOf(address(this)), before);
        if (arrived != amount) revert DataLeases_WrongAmountReceived(amount, arrived);
        _books.owed += amount.toUint128();
    }

    function _push(address to, uint256 amount) internal {
        _books.owed -= amount.toUint128();
        IERC20(asset).safeTransfer(to, amount);
    }

    /// @dev Allows the splitter exactly what it will pull: no standing allowance, which some assets refuse, count down
    /// or cap.
    function _deposit(uint256 datasetId, uint256 toDataset, uint256 toCommons) private {
        _books.owed -= (toDataset + toCommons).toUint128();
        IERC20(asset).forceApprove(address(_splitter), toDataset + toCommons);
        if (toCommons != 0) _splitter.deposit(_COMMONS, toCommons);
        _splitter.deposit(datasetId, toDataset);
    }

    /// @dev The parts of an instalment as the pools are now: a commons pool that takes nothing leaves its part to the
    /// dataset.
    function _liveCuts(PackedTerms storage terms)
        private
        view
        returns (uint256 toDataset, uint256 toCommons, uint256 toTreasury)
    {
        (toDataset, toCommons, toTreasury) = terms.cuts();
        if (_isDead(_COMMONS, toCommons)) (toDataset, toCommons) = (toDataset + toCommons, 0);
    }

    function _isDead(uint256 poolId, uint256 amount) private view returns (bool) {
        return amount != 0 && !_splitter.acceptsDeposit(poolId, amount);
    }
}
