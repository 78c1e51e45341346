// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract AnchorTest is RegistryTest {
    function test_storesAndEmitsTheFirstEpoch() external {
        Content memory content = _content(7);
        bytes32 expected = _hashOf(id, 1, 0, content);
        _expectEvent(ANCHORER);
        emit IShelfproofRegistry.EpochAnchored(
            id, 1, 0, content.eventsRoot, content.historyRoot, content.eventCount, content.dataHash, expected
        );
        vm.assertEq(_anchor(1, 0, content), expected, "returned");
        (bytes32 stored, uint32 anchoredAt) = registry.epoch(id, 1);
        vm.assertEq(stored, expected, "stored");
        vm.assertEq(anchoredAt, START_S, "its time");
        (uint64 number, bytes32 hash, uint32 latestAt) = registry.latestEpoch(id);
        vm.assertEq(number, 1, "number");
        vm.assertEq(hash, expected, "latest");
        vm.assertEq(latestAt, START_S, "the latest's time");
    }

    function testFuzz_hashIsThatOfTheProtocol(Content memory content) external {
        content.eventCount = 1 + content.eventCount % (1 << 20);
        vm.prank(ANCHORER);
        bytes32 hash = _anchor(1, 0, content);
        vm.assertEq(hash, _hashOf(id, 1, 0, content), "epoch hash");
    }

    function testFuzz_hashEndsInZerosAndTheTimeStandsBesideIt(Content memory content, uint32 time) external {
        content.eventCount = 1 + content.eventCount % (1 << 20);
        vm.warp(time);
        vm.prank(ANCHORER);
        bytes32 hash = _anchor(1, 0, content);
        vm.assertEq(uint32(uint256(hash)), 0, "the last four bytes");
        (bytes32 stored, uint32 anchoredAt) = registry.epoch(id, 1);
        vm.assertEq(stored, hash, "stored");
        vm.assertEq(anchoredAt, time, "anchored at");
    }

    function test_refusesAParentThatKeepsItsTime() external {
        (, bytes32 hash) = _anchorNext();
        bytes32 packed = hash | bytes32(uint256(START_S));
        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.WrongParent.selector, packed, hash));
        _anchor(2, packed, _content(2));
    }

    function testFuzz_sequencesChain(uint256 seed, uint8 length) external {
        uint64 epochs = 1 + length % 24;
        bytes32[] memory hashes = new bytes32[](epochs + 1);
        for (uint64 number = 1; number <= epochs; number++) {
            Content memory content = _content(uint256(keccak256(abi.encode(seed, number))));
            vm.prank(ANCHORER);
            hashes[number] = _anchor(number, hashes[number - 1], content);
            vm.assertEq(hashes[number], _hashOf(id, number, hashes[number - 1], content), "epoch hash");
        }
        for (uint64 number = 0; number <= epochs; number++) {
            vm.assertEq(_epochHash(id, number), hashes[number], "a stored hash moved");
        }
        (uint64 latest, bytes32 head,) = registry.latestEpoch(id);
        vm.assertEq(latest, epochs, "latest number");
        vm.assertEq(head, hashes[epochs], "latest hash");
        vm.assertEq(_epochHash(id, epochs + 1), 0, "an epoch ahead");
    }

    function test_takesTheSmallestAndTheLargestEpoch() external {
        Content memory content = _content(0);
        content.eventCount = 1;
        vm.prank(ANCHORER);
        bytes32 first = _anchor(1, 0, content);
        content.eventCount = 1 << 20;
        vm.prank(ANCHORER);
        _anchor(2, first, content);
    }

    function testFuzz_refusesAnyOtherEventCount(uint64 eventCount) external {
        vm.assume(eventCount == 0 || eventCount > 1 << 20);
        _refuseEventCount(eventCount);
    }

    function test_refusesTheEventCountsBesideTheBounds() external {
        _refuseEventCount(0);
        _refuseEventCount((1 << 20) + 1);
        _refuseEventCount(type(uint64).max);
    }

    function testFuzz_refusesAnyOtherNumber(uint8 anchored, uint64 number) external {
        uint64 epochs = anchored % 4;
        for (uint64 i = 0; i < epochs; i++) {
            _anchorNext();
        }
        vm.assume(number != epochs + 1);
        (, bytes32 parent,) = registry.latestEpoch(id);
        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.WrongNumber.selector, number, epochs + 1));
        _anchor(number, parent, _content(1));
    }

    function testFuzz_refusesAnyOtherParent(bool second, bytes32 parent) external {
        bytes32 stored;
        if (second) (, stored) = _anchorNext();
        vm.assume(parent != stored);
        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.WrongParent.selector, parent, stored));
        _anchor(second ? 2 : 1, parent, _content(1));
    }

    function test_refusesTheSameEpochTwice() external {
        vm.prank(ANCHORER);
        _anchor(1, 0, _content(1));
        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.WrongNumber.selector, 1, 2));
        _anchor(1, 0, _content(1));
    }

    function testFuzz_refusesEverybodyElse(address caller) external {
        vm.assume(caller != ANCHORER);
        _refuse(caller, abi.encodeWithSelector(IShelfproofRegistry.NotAnchorer.selector, id, caller));
        _anchor(1, 0, _content(1));
    }

    function test_refusesTheOwner() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.NotAnchorer.selector, id, OWNER));
        _anchor(1, 0, _content(1));
    }

    function testFuzz_refusesAnUnknownMerchant(bytes32 merchantId, address caller) external {
        vm.assume(merchantId != id);
        _refuse(caller, abi.encodeWithSelector(IShelfproofRegistry.UnknownMerchant.selector, merchantId));
        registry.anchor(merchantId, 1, 0, "events", "history", 1, "data");
    }

    function test_merchantsDoNotMix() external {
        (, bytes32 hash) = _anchorNext();
        bytes32 other = _register("other");
        (uint64 number,,) = registry.latestEpoch(other);
        vm.assertEq(number, 0, "the other's number");
        id = other;
        (, bytes32 otherHash) = _anchorNext();
        vm.assertTrue(otherHash != hash, "one content, two merchants, one hash");
    }

    function _refuseEventCount(uint64 eventCount) private {
        Content memory content = _content(1);
        content.eventCount = eventCount;
        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.WrongEventCount.selector, eventCount));
        _anchor(1, 0, content);
    }
}
