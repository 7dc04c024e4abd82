// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelRegistry} from "../../ModelRegistry.sol";
import {IDataLeases} from "../../interfaces/IDataLeases.sol";
import {System} from "../../interfaces/ISystem.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice `ModelRegistry` with one line wrong, chosen after it was deployed. Tests show that they notice each flaw,
/// and nothing without a flaw.
/// @dev Every override is a way around the original; the functions are virtual for its sake.
contract TwinModels is ModelRegistry {
    using SafeERC20 for IERC20;

    enum Flaw {
        None,
        /// Takes leases that never paid.
        IgnoresStart,
        /// Takes anybody's leases.
        IgnoresLicensee,
        /// Pays every royalty to the first dataset.
        ForgetsDatasets,
        /// Keeps what a dead pool cannot take.
        LosesTreasury,
        /// Leaves the credit after paying it.
        PaysAgain,
        /// Pays beneficiaries in passing.
        PushesCredits,
        /// Books what was asked, not what arrived.
        BooksFaceValue
    }

    address private immutable _treasury;
    IDataLeases private immutable _counterpart;
    Flaw private _flaw;

    constructor(System memory system, address asset_) ModelRegistry(system, asset_) {
        _treasury = system.timelock;
        _counterpart = IDataLeases(system.leases);
    }

    function setFlaw(Flaw flaw) external {
        _flaw = flaw;
    }

    function _royaltyOf(uint256 leaseId) internal view override returns (Royalty memory royalty) {
        if (_flaw != Flaw.IgnoresStart && _flaw != Flaw.IgnoresLicensee) {
            royalty = super._royaltyOf(leaseId);
            if (_flaw == Flaw.ForgetsDatasets) royalty.datasetId = 1;
            return royalty;
        }
        IDataLeases.LeaseInfo memory l = _counterpart.lease(leaseId);
        if (_flaw == Flaw.IgnoresStart && l.licensee != msg.sender) {
            revert ModelRegistry_NotLicensee(leaseId, msg.sender, l.licensee);
        }
        if (_flaw == Flaw.IgnoresLicensee && l.paidUntil == 0) revert ModelRegistry_NotStarted(leaseId);
        (IDataLeases.Terms memory terms,,) = _counterpart.leaseTerms(leaseId);
        return Royalty(uint64(leaseId), uint64(terms.datasetId), uint16(terms.royaltyBps));
    }

    function _pull(uint256 amount) internal override {
        if (_flaw != Flaw.BooksFaceValue) super._pull(amount);
        else IERC20(asset).safeTransferFrom(msg.sender, address(this), amount);
    }

    function _credit(address account, uint256 amount) internal override {
        if (_flaw == Flaw.LosesTreasury && account == _treasury) return;
        super._credit(account, amount);
        if (_flaw == Flaw.PushesCredits && account != _treasury && amount != 0) _withdraw(account, account);
    }

    function _withdraw(address account, address recipient) internal override returns (uint256 amount) {
        amount = super._withdraw(account, recipient);
        if (_flaw == Flaw.PaysAgain) creditOf[account] = amount;
    }
}
