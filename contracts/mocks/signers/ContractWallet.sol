// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A wallet contract of one key, as attestor, custodian or contributor; and the ways such wallets misbehave.
contract ContractWallet is IERC1271 {
    enum Mood {
        Honest,
        WrongMagic,
        Reverts,
        BurnsGas,
        Writes,
        ShortAnswer
    }

    address public immutable owner;
    Mood public mood;
    uint256 public asked;

    constructor(address owner_) {
        owner = owner_;
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @notice Calls `target` as the wallet. Owner only.
    function execute(address target, bytes calldata data) external returns (bytes memory answer) {
        require(msg.sender == owner, "not the owner");
        bool ok;
        (ok, answer) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (mood == Mood.WrongMagic) return 0xffffffff;
        if (mood == Mood.Reverts) revert("moody");
        if (mood == Mood.BurnsGas) {
            while (true) {}
        }
        if (mood == Mood.Writes) _write();
        if (mood == Mood.ShortAnswer) {
            bytes4 magic = IERC1271.isValidSignature.selector;
            assembly {
                mstore(0, magic)
                return(0, 4)
            }
        }
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @dev Goes on to write whatever the mutability of the caller; a static call stops it.
    function _write() private view {
        function() internal writing = _count;
        function() internal view reading;
        assembly {
            reading := writing
        }
        reading();
    }

    function _count() private {
        ++asked;
    }
}
