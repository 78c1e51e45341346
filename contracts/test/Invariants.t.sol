// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {deployRegistry} from "./support/Deploy.sol";
import {Handler} from "./support/Handler.sol";
import {vm} from "./support/Vm.sol";

/// @notice What stays true of the registry whatever anybody does to it.
contract InvariantsTest {
    IShelfproofRegistry private registry;
    Handler private handler;

    function setUp() external {
        vm.warp(1_790_000_000);
        registry = deployRegistry(address(0));
        handler = new Handler(registry);
        handler.register(0, 0, 0, 0, keccak256("vrf key"));
    }

    /// @dev Asked for by forge: whom it calls at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev A handler that never got anything done would let every invariant hold.
    function test_theHandlerDoesEverything() external {
        for (uint256 i = 0; i < 64; i++) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            uint256 who = seed >> 64;
            uint256 whom = seed >> 128;
            handler.register(who, seed, whom, i, bytes32(seed));
            handler.anchor(seed, who, whom, bytes32(i));
            handler.setAnchorer(seed, who, whom);
            handler.setDataUri(seed, who, uint16(i * 16));
            handler.addReceiptSigner(seed, who, whom);
            handler.endReceiptSigner(seed, who, whom, i * 4 minutes);
            handler.offerOwnership(seed, who, whom);
            handler.acceptOwnership(seed, who, i);
            handler.attestAudit(seed, who, i);
            handler.retire(seed, who, whom);
            handler.pass(60);
        }
        bytes4[10] memory selectors = [
            registry.register.selector,
            registry.anchor.selector,
            registry.setAnchorer.selector,
            registry.setDataUri.selector,
            registry.addReceiptSigner.selector,
            registry.endReceiptSigner.selector,
            registry.offerOwnership.selector,
            registry.acceptOwnership.selector,
            registry.attestAudit.selector,
            registry.retire.selector
        ];
        for (uint256 i = 0; i < selectors.length; i++) {
            vm.assertTrue(handler.done(selectors[i]) > 0, "a call that never succeeded");
            vm.assertTrue(handler.refused(selectors[i]) > 0, "a call that was never refused");
        }
    }

    function invariant_numbersHaveNoGapsAndHashesNeverMove() external view {
        for (uint256 i = 0; i < handler.merchants(); i++) {
            bytes32 id = handler.ids(i);
            uint64 epochs = handler.epochs(id);
            for (uint64 number = 0; number <= epochs; number++) {
                (bytes32 stored, uint32 anchoredAt) = registry.epoch(id, number);
                vm.assertEq(stored, handler.hashes(id, number), "a stored hash moved");
                vm.assertEq(anchoredAt, handler.times(id, number), "a stored time moved");
                vm.assertEq(stored == 0, number == 0, "a gap");
            }
            (bytes32 ahead,) = registry.epoch(id, epochs + 1);
            vm.assertEq(ahead, 0, "an epoch ahead");
            (uint64 latest, bytes32 hash,) = registry.latestEpoch(id);
            vm.assertEq(latest, epochs, "the latest number");
            vm.assertEq(hash, handler.hashes(id, epochs), "the latest hash");
        }
    }

    function invariant_theRetiredNeverAnchor() external view {
        for (uint256 i = 0; i < handler.merchants(); i++) {
            bytes32 id = handler.ids(i);
            (,,,,, bool retired, uint64 retiredAtEpoch, bytes32 successor) = handler.models(id);
            vm.assertEq(registry.retired(id), retired, "retired");
            vm.assertEq(registry.successor(id), successor, "successor");
            if (!retired) continue;
            (uint64 latest,,) = registry.latestEpoch(id);
            vm.assertEq(latest, retiredAtEpoch, "the latest number");
        }
    }

    function invariant_onlyTheOwnerChangesSettings() external view {
        for (uint256 i = 0; i < handler.merchants(); i++) {
            bytes32 id = handler.ids(i);
            (address owner, address offered, address anchorer, bytes32 vrfPublicKey, string memory dataUri,,,) =
                handler.models(id);
            vm.assertEq(registry.owner(id), owner, "owner");
            vm.assertEq(registry.offeredOwner(id), offered, "offered owner");
            vm.assertEq(registry.anchorer(id), anchorer, "anchorer");
            vm.assertEq(registry.vrfPublicKey(id), vrfPublicKey, "VRF key");
            vm.assertEq(registry.dataUri(id), dataUri, "data URI");
        }
    }

    function invariant_auditorsOnlyGoForward() external view {
        for (uint256 i = 0; i < handler.merchants(); i++) {
            for (uint256 j = 0; j < handler.people(); j++) {
                bytes32 id = handler.ids(i);
                address person = handler.person(j);
                (uint64 number, uint64 attestedAt) = registry.audited(id, person);
                (uint64 expectedNumber, uint64 expectedAt) = handler.audits(id, person);
                vm.assertEq(number, expectedNumber, "audited");
                vm.assertEq(attestedAt, expectedAt, "attested at");
                vm.assertTrue(number <= handler.epochs(id), "an epoch ahead");
            }
        }
    }

    function invariant_spansOnlyShrink() external view {
        for (uint256 i = 0; i < handler.merchants(); i++) {
            for (uint256 j = 0; j < handler.people(); j++) {
                bytes32 id = handler.ids(i);
                address person = handler.person(j);
                (uint64 from, uint64 until) = registry.receiptSigner(id, person);
                (uint64 expectedFrom, uint64 expectedUntil) = handler.spans(id, person);
                vm.assertEq(from, expectedFrom, "from");
                vm.assertEq(until, expectedUntil, "until");
                vm.assertTrue(until == 0 || (from != 0 && until >= from + 1 hours), "a span of under an hour");
            }
        }
    }
}
