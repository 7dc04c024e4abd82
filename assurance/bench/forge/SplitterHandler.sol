// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {Accumulator} from "../../../contracts/libraries/Accumulator.sol";
import {TestAsset} from "../../../contracts/mocks/assets/TestAsset.sol";

/// @notice A member that can speak for itself.
contract Member {
    function claimTo(IRevenueSplitter splitter, address recipient, uint256[] calldata pools)
        external
        returns (uint256)
    {
        return splitter.claimTo(recipient, pools);
    }
}

/// @notice The steps of random lives of two pools, as in `assurance/harness/machines/splitter/machine.py`; it is the registry, the
/// token and the payer. What a step must do is asserted in the step, so that forge's own notice of a revert finds it.
contract SplitterHandler {
    uint256 private constant _SCALE = Accumulator.SCALE;
    uint256 private constant _MIN = Accumulator.MIN_SHARES;
    uint256 private constant _MAX = Accumulator.MAX_SHARES;

    /// @dev Unclaimed shares of one activation, and where dataset and commons together stood at it.
    struct Lot {
        uint256 shares;
        uint256 entry;
    }

    IRevenueSplitter private immutable _splitter;
    TestAsset private immutable _asset;
    /// @dev Whether inputs are taken as the fuzzer gives them, legal or not.
    bool private immutable _wild;

    Member[3] public members;
    Lot[] private _lots;
    mapping(address account => bool) private _moved;

    /* GHOSTS */

    uint256 public got;
    uint256 public donated;
    /// @dev Of each pool, over all deposits: how far the accumulator moved, times the shares at that moment.
    uint256[2] public growth;

    constructor(IRevenueSplitter splitter, TestAsset asset, bool wild) {
        (_splitter, _asset, _wild) = (splitter, asset, wild);
        for (uint256 i = 0; i < members.length; ++i) {
            members[i] = new Member();
        }
        asset.mint(address(this), 2 ** 200);
        asset.approve(address(splitter), type(uint256).max);
    }

    /* MONEY */

    function deposit(uint256 poolSeed, uint256 amount) external {
        _deposit(poolSeed % 2, _bound(amount, 2 ** 34));
    }

    function depositDust(uint256 poolSeed, uint256 amount) external {
        _deposit(poolSeed % 2, _bound(amount, 9));
    }

    function donate(uint256 amount) external {
        amount = _bound(amount, 1e9);
        _asset.transfer(address(_splitter), amount);
        donated += amount;
    }

    function claim(uint256 who, uint256 poolsSeed) external {
        address account = _member(who);
        uint256[] memory pools = _pools(poolsSeed);
        uint256 owed = _owed(account, pools);
        _paid(account, account, pools, owed, _splitter.claim(account, pools));
    }

    function claimTo(uint256 who, uint256 to, uint256 poolsSeed) external {
        (address account, address recipient) = (_member(who), _member(to));
        uint256[] memory pools = _pools(poolsSeed);
        uint256 owed = _owed(account, pools);
        _paid(account, recipient, pools, owed, Member(account).claimTo(_splitter, recipient, pools));
    }

    /* SHARES */

    function activate(uint256 sizeSeed) public {
        uint256 shares = [_MIN, 5 * _MIN + 7, 1e12, 1e15 + 3, 1, _MIN - 1, _MAX / 8][sizeSeed % 7];
        (, uint256 total,,) = _splitter.pool(0);
        if (!_wild && total + shares > _MAX) return;
        Lot storage lot = _lots.push();
        lot.shares = shares;
        lot.entry = _splitter.addPendingShares(1, shares);
    }

    function vest(uint256 which, uint256 who, uint256 quarters) public {
        if (_lots.length == 0) return;
        Lot storage lot = _lots[which % _lots.length];
        (address account, uint256 shares) = (_member(who), lot.shares * _bound(quarters, 4) / 4);
        uint256 expected = _claimable(account) + _earned(shares, lot.entry);
        _splitter.vestShares(1, account, shares, lot.entry);
        uint256 now_ = _claimable(account);
        assert(_moved[account] ? now_ == 0 : now_ + 1 >= expected && now_ <= expected + 1);
        _take(which % _lots.length, shares);
    }

    /// @dev A quarter of the owners is nobody.
    function drop(uint256 which, uint256 who, uint256 quarters) external {
        if (_lots.length == 0) return;
        Lot storage lot = _lots[which % _lots.length];
        (address owner, uint256 shares) =
            (who % 4 == 3 ? address(0) : _member(who), lot.shares * _bound(quarters, 4) / 4);
        bool silent = owner == address(0) || _moved[owner];
        uint256 expected = _claimable(owner) + (silent ? 0 : _earned(shares, lot.entry));
        _splitter.dropPendingShares(1, owner, shares, lot.entry);
        assert(_claimable(owner) == expected);
        _take(which % _lots.length, shares);
    }

    function erase(uint256 who, uint256 quarters) public {
        address account = _member(who);
        uint256 shares = _splitter.sharesOf(1, account) * _bound(quarters, 4) / 4;
        uint256 before = _claimable(account);
        _splitter.removeShares(1, account, shares);
        assert(_claimable(account) == before);
    }

    function move(uint256 who, uint256 to) external {
        (address giver, address taker) = (_member(who), _member(to));
        if (giver == taker || _moved[taker]) return;
        uint256 expected = _claimable(giver) + _claimable(taker);
        _splitter.moveMember(1, giver, taker);
        uint256 now_ = _claimable(taker);
        // What came to a giver after it was moved is not claimable before.
        assert(_claimable(giver) == 0 && (_moved[giver] || now_ <= expected + 1) && now_ + 1 >= expected);
        _moved[giver] = true;
    }

    /// @dev In this order, or credits hardly ever come to be, are paid, and come to be again.
    function earnLeaveAndClaim(uint256 who, uint256 amount, uint256 quarters) external {
        _deposit(0, _bound(amount, 2 ** 34));
        _deposit(1, _bound(amount, 2 ** 34));
        erase(who, quarters);
        this.claim(who, 2);
    }

    /* VIEWS */

    /// @notice As the token says it: nobody has an heir here.
    function holderOf(address account) external pure returns (address, uint256) {
        return (account, 0);
    }

    function claimable() external view returns (uint256 sum) {
        for (uint256 i = 0; i < members.length; ++i) {
            sum += _owed(address(members[i]), _pools(2));
        }
    }

    /* INTERNALS */

    function _deposit(uint256 poolId, uint256 amount) private {
        (uint256 acc, uint256 shares,, uint256 carry) = _splitter.pool(poolId);
        if (!_wild && shares < _MIN) return;
        _splitter.deposit(poolId, amount);
        if (amount == 0) return;
        (uint256 accNow,,, uint256 carryNow) = _splitter.pool(poolId);
        uint256 grown = (accNow - acc) * shares;
        growth[poolId] += grown;
        assert(amount * _SCALE + carry == grown + carryNow && carryNow < shares);
    }

    function _paid(address account, address recipient, uint256[] memory pools, uint256 owed, uint256 paid) private {
        got += paid;
        assert(paid == owed && _owed(account, pools) == 0);
        assert(_asset.balanceOf(recipient) >= paid);
    }

    function _take(uint256 index, uint256 shares) private {
        _lots[index].shares -= shares;
        if (_lots[index].shares != 0) return;
        _lots[index] = _lots[_lots.length - 1];
        _lots.pop();
    }

    function _bound(uint256 value, uint256 most) private view returns (uint256) {
        return _wild ? value : value % (most + 1);
    }

    function _member(uint256 who) private view returns (address) {
        return address(members[who % members.length]);
    }

    function _pools(uint256 seed) private pure returns (uint256[] memory pools) {
        uint8[3][8] memory lists =
            [[0, 9, 9], [1, 9, 9], [0, 1, 9], [1, 0, 9], [1, 1, 9], [9, 9, 9], [2, 9, 9], [0, 1, 2]];
        uint8[3] memory list = lists[seed % 8];
        uint256 length = 0;
        while (length < 3 && list[length] != 9) ++length;
        pools = new uint256[](length);
        for (uint256 i = 0; i < length; ++i) {
            pools[i] = list[i];
        }
    }

    /// @dev Each pool once, however often it is named.
    function _owed(address account, uint256[] memory pools) private view returns (uint256 sum) {
        uint256[] memory one = new uint256[](1);
        bool[3] memory counted;
        for (uint256 i = 0; i < pools.length; ++i) {
            if (counted[pools[i]]) continue;
            counted[pools[i]] = true;
            one[0] = pools[i];
            sum += _splitter.claimable(account, one);
        }
    }

    function _claimable(address account) private view returns (uint256) {
        uint256[] memory one = new uint256[](1);
        one[0] = 1;
        return _splitter.claimable(account, one);
    }

    function _earned(uint256 shares, uint256 entry) private view returns (uint256) {
        (uint256 commons,,,) = _splitter.pool(0);
        (uint256 dataset,,,) = _splitter.pool(1);
        return shares * (commons + dataset - entry) / _SCALE;
    }
}
