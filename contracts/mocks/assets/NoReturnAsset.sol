// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Returns nothing from `transfer`, `transferFrom` and `approve`, and no reason while paused, as USDT does on
/// the main network. Anyone may pause it.
contract NoReturnAsset {
    /// @notice Thrown when an account lacks the balance or the allowance.
    error NoReturnAsset_Insufficient(address account, uint256 available, uint256 needed);

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public totalSupply;
    bool public paused;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        (name, symbol, decimals) = (name_, symbol_, decimals_);
    }

    function setPaused(bool newPaused) external {
        paused = newPaused;
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < value) revert NoReturnAsset_Insufficient(from, allowed, value);
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        // solhint-disable-next-line gas-custom-errors, reason-string
        require(!paused);
        if (balanceOf[from] < value) revert NoReturnAsset_Insufficient(from, balanceOf[from], value);
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}
