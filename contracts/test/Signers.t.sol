// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice The spans in which receipt signers count.
contract SignersTest is RegistryTest {
    function testFuzz_addedFromTheBlockTime(address signer, uint32 later) external {
        vm.assume(signer != address(0) && signer != SIGNER);
        uint64 now_ = START_S + later;
        vm.warp(now_);
        _expectEvent(OWNER);
        emit IShelfproofRegistry.ReceiptSignerAdded(id, signer, now_);
        registry.addReceiptSigner(id, signer);
        (uint64 from, uint64 until) = registry.receiptSigner(id, signer);
        vm.assertEq(from, now_, "from");
        vm.assertEq(until, 0, "until");
        (from,) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(from, START_S, "the first signer's");
    }

    function test_refusesZero() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.ZeroReceiptSigner.selector));
        registry.addReceiptSigner(id, address(0));
    }

    function test_refusesASignerTwice() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.SignerAlreadyAdded.selector, id, SIGNER));
        registry.addReceiptSigner(id, SIGNER);
    }

    function test_refusesASignerAgainAfterItsEnd() external {
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, START_S + 1 hours);
        vm.warp(START_S + 2 hours);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.SignerAlreadyAdded.selector, id, SIGNER));
        registry.addReceiptSigner(id, SIGNER);
    }

    function testFuzz_endsAnHourAheadOrLater(uint64 until) external {
        vm.assume(until >= START_S + 1 hours);
        _expectEvent(OWNER);
        emit IShelfproofRegistry.ReceiptSignerEnded(id, SIGNER, until);
        registry.endReceiptSigner(id, SIGNER, until);
        (uint64 from, uint64 stored) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(from, START_S, "from");
        vm.assertEq(stored, until, "until");
    }

    function testFuzz_refusesAnEarlierEnd(uint64 until) external {
        until = until % (START_S + 1 hours);
        _refuseEnd(until);
    }

    function test_refusesTheEndsBesideTheBound() external {
        _refuseEnd(START_S + 1 hours - 1);
        _refuseEnd(START_S);
        _refuseEnd(0);
    }

    function testFuzz_anEndIsLoweredAndNeverRaised(uint64 second) external {
        uint64 first = START_S + 1 days;
        second = START_S + 1 hours + second % 2 days;
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, first);
        if (second < first) _expectEvent(OWNER);
        if (second < first) emit IShelfproofRegistry.ReceiptSignerEnded(id, SIGNER, second);
        if (second >= first) _refuse(OWNER, _notLower(second, first));
        registry.endReceiptSigner(id, SIGNER, second);
        (, uint64 until) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(until, second < first ? second : first, "until");
    }

    function test_refusesTheSameEndAgain() external {
        uint64 end = START_S + 1 days;
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, end);
        _refuse(OWNER, _notLower(end, end));
        registry.endReceiptSigner(id, SIGNER, end);
    }

    function test_aLoweredEndLiesAnHourAheadToo() external {
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, START_S + 1 days);
        vm.warp(START_S + 22 hours);
        _refuseEnd(START_S + 23 hours - 1);
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, START_S + 23 hours);
    }

    function test_refusesToBringBackASignerThatEnded() external {
        uint64 end = START_S + 1 hours;
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, end);
        vm.warp(end + 1);
        _refuse(OWNER, _notLower(end + 2 hours, end));
        registry.endReceiptSigner(id, SIGNER, end + 2 hours);
    }

    function testFuzz_refusesToEndWhoNeverSigned(address signer) external {
        vm.assume(signer != SIGNER);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.UnknownSigner.selector, id, signer));
        registry.endReceiptSigner(id, signer, START_S + 1 days);
    }

    function test_merchantsDoNotShareSigners() external {
        bytes32 other = _register("other");
        vm.prank(OWNER);
        registry.endReceiptSigner(other, SIGNER, START_S + 1 days);
        (, uint64 until) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(until, 0, "until");
    }

    function _notLower(uint64 given, uint64 stored) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IShelfproofRegistry.EndNotLower.selector, given, stored);
    }

    function _refuseEnd(uint64 until) private {
        uint64 earliest = uint64(block.timestamp) + 1 hours;
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.EndTooSoon.selector, until, earliest));
        registry.endReceiptSigner(id, SIGNER, until);
    }
}
