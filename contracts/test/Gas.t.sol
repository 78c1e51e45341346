// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What each call costs as a whole transaction: 21,000 and the calldata are in, as isolation runs every call from
/// here as a transaction of its own.
/// forge-config: default.isolate = true
contract GasTest is RegistryTest {
    uint256 private constant LATER_ANCHOR_GOAL = 60_000;
    uint256 private constant ATTEST_GOAL = 60_000;

    function test_register() external {
        _register("another");
        _record("register");
    }

    function test_anchor() external {
        _anchorNext();
        _record("anchor, first epoch");
        for (uint64 number = 2; number <= 4; number++) {
            _anchorNext();
            vm.assertLe(_record("anchor, later epoch"), LATER_ANCHOR_GOAL, "a later anchor's gas");
        }
    }

    function test_settings() external {
        vm.prank(OWNER);
        registry.setAnchorer(id, STRANGER);
        _record("setAnchorer");
        vm.prank(OWNER);
        registry.setDataUri(id, "https://data.example/other");
        _record("setDataUri");
        vm.prank(OWNER);
        registry.addReceiptSigner(id, STRANGER);
        _record("addReceiptSigner");
        vm.prank(OWNER);
        registry.endReceiptSigner(id, STRANGER, START_S + 1 days);
        _record("endReceiptSigner");
        vm.prank(OWNER);
        registry.offerOwnership(id, STRANGER);
        _record("offerOwnership");
        vm.prank(STRANGER);
        registry.acceptOwnership(id);
        _record("acceptOwnership");
        vm.prank(STRANGER);
        registry.retire(id, "successor");
        _record("retire");
    }

    function test_attestAudit() external {
        (, bytes32 first) = _anchorNext();
        (, bytes32 second) = _anchorNext();
        vm.prank(STRANGER);
        registry.attestAudit(id, 1, first);
        vm.assertLe(_record("attestAudit, first"), ATTEST_GOAL, "a first attestation's gas");
        vm.prank(STRANGER);
        registry.attestAudit(id, 2, second);
        vm.assertLe(_record("attestAudit, later"), ATTEST_GOAL, "a later attestation's gas");
    }

    function _record(string memory call) private returns (uint256) {
        return vm.snapshotGasLastCall("ShelfproofRegistry", call);
    }
}
