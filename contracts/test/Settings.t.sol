// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What the owner may change, and nobody else.
contract SettingsTest is RegistryTest {
    address internal constant OTHER = address(0xb1);

    // ------------------------------------------------------------------------------------------------ setAnchorer

    function test_setAnchorerReplacesIt() external {
        _expectEvent(OWNER);
        emit IShelfproofRegistry.AnchorerSet(id, OTHER);
        registry.setAnchorer(id, OTHER);
        vm.assertEq(registry.anchorer(id), OTHER, "anchorer");

        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.NotAnchorer.selector, id, ANCHORER));
        _anchor(1, 0, _content(1));
        vm.prank(OTHER);
        _anchor(1, 0, _content(1));
    }

    function test_setAnchorerLeavesTheEpochsAlone() external {
        (, bytes32 hash) = _anchorNext();
        vm.prank(OWNER);
        registry.setAnchorer(id, OTHER);
        (uint64 number, bytes32 head,) = registry.latestEpoch(id);
        vm.assertEq(number, 1, "number");
        vm.assertEq(head, hash, "hash");
        vm.assertFalse(registry.retired(id), "retired");
    }

    function test_setAnchorerRefusesZero() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.ZeroAnchorer.selector));
        registry.setAnchorer(id, address(0));
    }

    // ------------------------------------------------------------------------------------------------- setDataUri

    function testFuzz_setDataUriReplacesIt(bytes calldata text) external {
        string memory dataUri = string(text[:text.length < 512 ? text.length : 512]);
        _expectEvent(OWNER);
        emit IShelfproofRegistry.DataUriSet(id, dataUri);
        registry.setDataUri(id, dataUri);
        vm.assertEq(registry.dataUri(id), dataUri, "data URI");
    }

    function test_setDataUriLeavesNothingOfALongerOne() external {
        vm.prank(OWNER);
        registry.setDataUri(id, string(new bytes(512)));
        vm.prank(OWNER);
        registry.setDataUri(id, "file:///srv");
        vm.assertEq(registry.dataUri(id), "file:///srv", "data URI");
    }

    function testFuzz_setDataUriRefusesALongerOne(uint16 extra) external {
        uint256 length = 513 + uint256(extra) % 4096;
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.DataUriTooLong.selector, length, 512));
        registry.setDataUri(id, string(new bytes(length)));
        vm.assertEq(registry.dataUri(id), DATA_URI, "data URI");
    }

    // ----------------------------------------------------------------------------------------------------- retire

    function test_retireEndsAnchoringForEver() external {
        (, bytes32 hash) = _anchorNext();
        _expectEvent(OWNER);
        emit IShelfproofRegistry.MerchantRetired(id, "successor");
        registry.retire(id, "successor");
        vm.assertTrue(registry.retired(id), "retired");
        vm.assertEq(registry.successor(id), "successor", "successor");

        _refuse(ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.Retired.selector, id));
        _anchor(2, hash, _content(2));
        vm.prank(OWNER);
        registry.setAnchorer(id, OTHER);
        _refuse(OTHER, abi.encodeWithSelector(IShelfproofRegistry.Retired.selector, id));
        _anchor(2, hash, _content(2));

        (uint64 number, bytes32 head,) = registry.latestEpoch(id);
        vm.assertEq(number, 1, "number");
        vm.assertEq(head, hash, "hash");
    }

    function test_retireHappensOnce() external {
        vm.prank(OWNER);
        registry.retire(id, 0);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.Retired.selector, id));
        registry.retire(id, 0);
    }

    function test_theRetiredStillMoveDataAndEndSigners() external {
        vm.prank(OWNER);
        registry.retire(id, 0);
        vm.prank(OWNER);
        registry.setDataUri(id, "ipfs://elsewhere");
        vm.prank(OWNER);
        registry.endReceiptSigner(id, SIGNER, START_S + 1 hours);
        vm.assertEq(registry.dataUri(id), "ipfs://elsewhere", "data URI");
        (, uint64 until) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(until, START_S + 1 hours, "until");
    }

    function test_theSuccessorIsNamedOnce() external {
        vm.prank(OWNER);
        registry.retire(id, 0);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.Retired.selector, id));
        registry.retire(id, "successor");
        vm.assertEq(registry.successor(id), 0, "successor");
    }

    function test_theRetiredDoNotRegisterAgain() external {
        vm.prank(OWNER);
        registry.retire(id, 0);
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.AlreadyRegistered.selector, id));
        registry.register(SALT, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
    }

    // ------------------------------------------------------------------------------------------------------- who

    function testFuzz_refusesEverybodyElse(address caller) external {
        vm.assume(caller != OWNER);
        _refuseAll(id, caller, abi.encodeWithSelector(IShelfproofRegistry.NotOwner.selector, id, caller));
    }

    function test_refusesTheAnchorerAndTheSigner() external {
        _refuseAll(id, ANCHORER, abi.encodeWithSelector(IShelfproofRegistry.NotOwner.selector, id, ANCHORER));
        _refuseAll(id, SIGNER, abi.encodeWithSelector(IShelfproofRegistry.NotOwner.selector, id, SIGNER));
    }

    function testFuzz_refusesAnUnknownMerchant(bytes32 merchantId) external {
        vm.assume(merchantId != id);
        _refuseAll(merchantId, OWNER, abi.encodeWithSelector(IShelfproofRegistry.UnknownMerchant.selector, merchantId));
    }

    /// @dev Every call that only the owner may make, each refused with the same error.
    function _refuseAll(bytes32 merchantId, address caller, bytes memory err) private {
        _refuse(caller, err);
        registry.setAnchorer(merchantId, OTHER);
        _refuse(caller, err);
        registry.setDataUri(merchantId, "https://elsewhere.example");
        _refuse(caller, err);
        registry.addReceiptSigner(merchantId, OTHER);
        _refuse(caller, err);
        registry.endReceiptSigner(merchantId, SIGNER, START_S + 1 days);
        _refuse(caller, err);
        registry.offerOwnership(merchantId, OTHER);
        _refuse(caller, err);
        registry.retire(merchantId, 0);
    }
}
