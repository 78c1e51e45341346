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

    function testFuzz_anEndIsSetOnce(uint64 second) external {
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, START_S + 1 days);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.SignerAlreadyEnded.selector, id, SIGNER));
        registry.endReceiptSigner(id, SIGNER, second);
        (, uint64 until) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(until, START_S + 1 days, "until");
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

    function _refuseEnd(uint64 until) private {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.EndTooSoon.selector, until, START_S + 1 hours));
        registry.endReceiptSigner(id, SIGNER, until);
    }
}
