// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataToken} from "../../contracts/DataToken.sol";
import {System} from "../../contracts/interfaces/ISystem.sol";
import {AnySplitter} from "./AnySplitter.sol";
import {SVM, VM, deploy, nextAddress} from "./Vm.sol";

/// @notice What a move does to the splitter's books, from any state: not a unit more or less, and no pool changes.
/// `check_S1_move_adds_what_moved` is the case of an heir that is a member itself.
contract SuccessionOfShares is AnySplitter {
    /// @notice To an account without shares: index, shares and credit are what they were, to the last bit.
    function check_T10_a_move_takes_everything_along() external {
        Pool memory p = anyPool();
        Member memory m = anyMember(ALICE, p);
        assert(splitter.moveMember(POOL, ALICE, BOB) == m.shares);
        assertSame(member(BOB), m);
        assertSame(member(ALICE), Member(0, 0, 0));
        assert(keccak256(abi.encode(pool())) == keccak256(abi.encode(p)));
    }

    /// @notice What is owed for shares that were erased moves without them.
    function check_T10_a_credit_alone_moves_too() external {
        Pool memory p = anyPool();
        Member memory m = anyFormerMember(ALICE);
        Member memory n = anyMember(BOB, p);
        splitter.moveMember(POOL, ALICE, BOB);
        unchecked {
            assertSame(member(BOB), Member(n.index, n.shares, n.credit + m.credit));
        }
        assertSame(member(ALICE), Member(0, 0, 0));
    }

    /// @notice Whatever is claimed for it later is not paid to the address whose key is lost, and moves with the next
    /// call.
    function check_T10_a_moved_account_is_paid_nothing() external {
        Pool memory p = anyPool();
        anyBalance();
        splitter.moveMember(POOL, ALICE, BOB);
        uint256 shares = anyShares();
        uint256 entry = anyEntry(p);
        VM.assume(shares != 0);
        splitter.vestShares(POOL, ALICE, shares, entry);
        assert(claimable(ALICE) == 0);
        assert(claim(ALICE) == 0);
        assert(asset.balanceOf(ALICE) == 0);
        splitter.moveMember(POOL, ALICE, BOB);
        assertSame(member(BOB), Member(entry, shares, 0));
    }

    function assertSame(Member memory a, Member memory b) private pure {
        assert(a.shares == b.shares);
        assert(a.credit == b.credit);
        assert(a.shares == 0 || a.index == b.index);
    }
}

/// @notice What a succession does to tokens and votes. The proof is registry and splitter.
contract SuccessionOfTokens {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);
    address private constant CAROL = address(0xca201);
    uint256 private constant DELAY_DAYS = 30;
    uint256 private constant DELAY = DELAY_DAYS * 1 days;
    uint256 private constant START = 1_800_000_000;

    DataToken private token;
    uint256 private shares;

    function setUp() public {
        System memory system;
        system.registry = system.splitter = address(this);
        system.token = nextAddress();
        token = DataToken(deploy("DataToken.sol:DataToken", abi.encode(system, "", "", false, 1)));
    }

    /// @dev As the splitter: what the old account has in the pool that is asked for.
    function moveMember(uint256, address, address) external view returns (uint256) {
        return shares;
    }

    /// @notice Of any balances the named pools' part moves; all tokens of both vote for the heir; supply, balances and
    /// votes together are what they were.
    function check_T10_tokens_and_votes_move_and_none_is_made() external {
        (uint256 a, uint256 b) = anyBalances();
        shares = SVM.createUint(62, "shares");
        VM.assume(shares <= a);
        open();
        VM.warp(START + DELAY);
        token.succeed(ALICE, pools());
        assert(token.balanceOf(ALICE) == a - shares);
        assert(token.balanceOf(BOB) == b + shares);
        assert(token.totalSupply() == a + b);
        assert(token.getVotes(BOB) == a + b);
        assert(token.getVotes(ALICE) == 0);
        assert(token.getPastVotes(ALICE, START) == a);
        assert(token.getPastVotes(BOB, START) == b);
    }

    /// @notice In no second before the end of the delay.
    function check_T10_nothing_moves_before_the_delay_is_over() external {
        anyBalances();
        open();
        uint256 early = SVM.createUint(40, "second");
        VM.assume(early >= START);
        VM.assume(early < START + DELAY);
        VM.warp(early);
        VM.prank(anyone());
        try token.succeed(ALICE, pools()) {
            assert(false);
        } catch {}
    }

    /// @notice However long it is then waited, by whomever but the account it is called.
    function check_T10_a_veto_at_any_second_ends_it() external {
        anyBalances();
        open();
        uint256 vetoed = SVM.createUint(40, "second");
        VM.assume(vetoed >= START);
        VM.assume(vetoed < START + DELAY);
        VM.warp(vetoed);
        VM.prank(ALICE);
        token.vetoSuccession();
        uint256 later = SVM.createUint(40, "later");
        VM.assume(later >= vetoed);
        VM.warp(later);
        VM.prank(BOB);
        try token.succeed(ALICE, pools()) {
            assert(false);
        } catch {}
    }

    function anyBalances() private returns (uint256 a, uint256 b) {
        VM.warp(START);
        a = SVM.createUint(62, "alices");
        b = SVM.createUint(62, "bobs");
        token.mint(ALICE, a);
        token.mint(BOB, b);
    }

    function open() private {
        VM.prank(ALICE);
        token.bindHeir(BOB, DELAY_DAYS);
        VM.prank(BOB);
        token.openSuccession(ALICE);
    }

    function pools() private pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = 1;
    }

    function anyone() private pure returns (address) {
        uint256 choice = SVM.createUint(2, "caller");
        if (choice == 0) return ALICE;
        return choice == 1 ? BOB : CAROL;
    }
}
