// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What each call costs as a whole transaction: 21,000 and the calldata are in, as isolation runs every call from
/// here as a transaction of its own.
/// forge-config: default.isolate = true
contract GasTest is RegistryTest {
    uint256 private constant LATER_ANCHOR_GOAL = 60_000;

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
        registry.retire(id);
        _record("retire");
    }

    function _record(string memory call) private returns (uint256) {
        return vm.snapshotGasLastCall("ShelfproofRegistry", call);
    }
}
