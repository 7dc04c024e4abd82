// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RevenueSplitter} from "../../../contracts/RevenueSplitter.sol";
import {IRevenueSplitter} from "../../../contracts/interfaces/IRevenueSplitter.sol";
import {System} from "../../../contracts/interfaces/ISystem.sol";
import {TestAsset} from "../../../contracts/mocks/assets/TestAsset.sol";
import {SplitterHandler} from "./SplitterHandler.sol";

interface Vm {
    function envOr(string calldata name, bytes calldata otherwise) external view returns (bytes memory);
}

/// @notice The splitter under forge's own fuzzer, to compare speed and bite with the Python machine: `make bench`.
abstract contract SplitterLives {
    TestAsset internal _asset;
    IRevenueSplitter internal _splitter;
    SplitterHandler internal _handler;

    function setUp() external {
        _asset = new TestAsset("Test Dollar", "TUSD", 6);
        // The third contract of this one; the handler must know it before it exists, and it the handler.
        address predicted = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), hex"03")))));
        _handler = new SplitterHandler(IRevenueSplitter(predicted), _asset, _wild());
        System memory system;
        (system.registry, system.token, system.splitter) = (address(_handler), address(_handler), predicted);
        _splitter = IRevenueSplitter(_born(system, address(_asset)));
        // Lives begin with members.
        for (uint256 i = 0; i < 2; ++i) {
            _handler.activate(i + 1);
            _handler.vest(0, i, 4);
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @notice S-1, S-2 and S-6. One function, so that all of it is checked in the same lives.
    function invariant_money() public view {
        (uint256 received, uint256 paid, uint256 owed,) = _splitter.conservation(0, 2);
        assert(_asset.balanceOf(address(_splitter)) >= received - paid);
        assert(_handler.claimable() <= owed);
        assert(_handler.got() == paid);
        uint256 sum = 0;
        for (uint256 pool = 0; pool < 2; ++pool) {
            (,, uint256 poolReceived, uint256 carry) = _splitter.pool(pool);
            assert(poolReceived * _splitter.SCALE() == _handler.growth(pool) + carry);
            sum += poolReceived;
        }
        assert(received == sum);
    }

    /// @notice S-7 and S-11: at the end of a life everybody claims, and what is left is what nobody is owed.
    function afterInvariant() external {
        for (uint256 i = 0; i < 3; ++i) {
            _handler.claim(i, 2);
        }
        assert(_handler.claimable() == 0);
        (uint256 received, uint256 paid,,) = _splitter.conservation(0, 2);
        assert(_asset.balanceOf(address(_splitter)) == received - paid + _handler.donated());
        invariant_money();
    }

    function _born(System memory system, address asset) internal virtual returns (address);

    function _wild() internal pure virtual returns (bool) {
        return false;
    }
}

/// @notice Legal inputs only: any revert is a finding.
contract BoundedTest is SplitterLives {
    function _born(System memory system, address asset) internal override returns (address) {
        return address(new RevenueSplitter(system, asset));
    }
}

/// @notice Any inputs, reverts ignored: the naive way.
/// forge-config: bench.invariant.fail-on-revert = false
contract WildTest is BoundedTest {
    function _wild() internal pure override returns (bool) {
        return true;
    }
}

/// @notice A splitter of the creation code `DATADAO_SPLITTER`, the deployed one unless set.
contract TwinTest is SplitterLives {
    Vm private constant _VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function _born(System memory system, address asset) internal override returns (address) {
        bytes memory code = _VM.envOr("DATADAO_SPLITTER", type(RevenueSplitter).creationCode);
        code = abi.encodePacked(code, abi.encode(system, asset));
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        assert(made != address(0));
        return made;
    }
}
