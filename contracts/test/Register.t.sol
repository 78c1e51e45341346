// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {deployRegistry} from "./support/Deploy.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

contract RegisterTest is RegistryTest {
    function test_keepsEverythingItWasGiven() external view {
        vm.assertEq(registry.owner(id), OWNER, "owner");
        vm.assertEq(registry.anchorer(id), ANCHORER, "anchorer");
        vm.assertEq(registry.vrfPublicKey(id), VRF_KEY, "VRF key");
        vm.assertEq(registry.dataUri(id), DATA_URI, "data URI");
        vm.assertFalse(registry.retired(id), "retired");
        (uint64 from, uint64 until) = registry.receiptSigner(id, SIGNER);
        vm.assertEq(from, START_S, "from");
        vm.assertEq(until, 0, "until");
        (uint64 number, bytes32 hash, uint32 anchoredAt) = registry.latestEpoch(id);
        vm.assertEq(number, 0, "number");
        vm.assertEq(hash, 0, "hash");
        vm.assertEq(anchoredAt, 0, "anchored at");
        vm.assertEq(registry.offeredOwner(id), address(0), "offered owner");
        vm.assertEq(registry.successor(id), 0, "successor");
    }

    function test_emitsAllThatItSets() external {
        bytes32 salt = keccak256("another");
        bytes32 expected = keccak256(abi.encode(block.chainid, address(registry), OWNER, salt));
        _expectEvent(OWNER);
        emit IShelfproofRegistry.MerchantRegistered(expected, OWNER, VRF_KEY, DATA_URI);
        vm.expectEmit(address(registry));
        emit IShelfproofRegistry.AnchorerSet(expected, ANCHORER);
        vm.expectEmit(address(registry));
        emit IShelfproofRegistry.DataUriSet(expected, DATA_URI);
        vm.expectEmit(address(registry));
        emit IShelfproofRegistry.ReceiptSignerAdded(expected, SIGNER, START_S);
        registry.register(salt, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
    }

    function testFuzz_idBindsChainRegistryOwnerAndSalt(uint32 chainId, address owner, bytes32 salt) external {
        vm.assume(chainId != 0 && owner != address(0));
        vm.chainId(chainId);
        IShelfproofRegistry fresh = deployRegistry(address(0));
        vm.prank(owner);
        bytes32 merchantId = fresh.register(salt, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
        vm.assertEq(merchantId, keccak256(abi.encode(uint256(chainId), address(fresh), owner, salt)), "merchant id");
        vm.assertEq(fresh.owner(merchantId), owner, "owner");
    }

    function test_refusesTheSameSaltTwice() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.AlreadyRegistered.selector, id));
        registry.register(SALT, keccak256("another key"), ANCHORER, SIGNER, DATA_URI);
        vm.assertEq(registry.vrfPublicKey(id), VRF_KEY, "VRF key");
    }

    function test_nobodyTakesAnothersId() external {
        vm.prank(STRANGER);
        bytes32 theirs = registry.register(SALT, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
        vm.assertTrue(theirs != id, "the same id");
        vm.assertEq(registry.owner(id), OWNER, "owner");
    }

    function test_refusesZeroVrfKey() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.ZeroVrfPublicKey.selector));
        registry.register("other", 0, ANCHORER, SIGNER, DATA_URI);
    }

    function test_refusesZeroAnchorer() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.ZeroAnchorer.selector));
        registry.register("other", VRF_KEY, address(0), SIGNER, DATA_URI);
    }

    function test_refusesZeroReceiptSigner() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.ZeroReceiptSigner.selector));
        registry.register("other", VRF_KEY, ANCHORER, address(0), DATA_URI);
    }

    function test_takesAnEmptyAndALongestDataUri() external {
        vm.prank(OWNER);
        bytes32 merchantId = registry.register("empty", VRF_KEY, ANCHORER, SIGNER, "");
        vm.assertEq(registry.dataUri(merchantId), "", "empty");
        string memory longest = string(new bytes(512));
        vm.prank(OWNER);
        merchantId = registry.register("longest", VRF_KEY, ANCHORER, SIGNER, longest);
        vm.assertEq(registry.dataUri(merchantId), longest, "longest");
    }

    function test_refusesALongerDataUri() external {
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.DataUriTooLong.selector, 513, 512));
        registry.register("other", VRF_KEY, ANCHORER, SIGNER, string(new bytes(513)));
    }

    function test_namesTheDisputeContract() external {
        vm.assertEq(registry.disputes(), DISPUTES, "disputes");
        vm.assertEq(deployRegistry(address(0)).disputes(), address(0), "none");
    }

    function testFuzz_viewsAnswerZeroForTheUnknown(bytes32 merchantId, uint64 number, address signer) external view {
        vm.assume(merchantId != id);
        vm.assertEq(registry.owner(merchantId), address(0), "owner");
        vm.assertEq(registry.anchorer(merchantId), address(0), "anchorer");
        vm.assertEq(registry.vrfPublicKey(merchantId), 0, "VRF key");
        vm.assertEq(registry.dataUri(merchantId), "", "data URI");
        vm.assertFalse(registry.retired(merchantId), "retired");
        vm.assertEq(registry.offeredOwner(merchantId), address(0), "offered owner");
        vm.assertEq(registry.successor(merchantId), 0, "successor");
        (bytes32 hash, uint32 anchoredAt) = registry.epoch(merchantId, number);
        vm.assertEq(hash, 0, "epoch hash");
        vm.assertEq(anchoredAt, 0, "anchored at");
        uint64 latest;
        (latest, hash, anchoredAt) = registry.latestEpoch(merchantId);
        vm.assertEq(latest, 0, "latest number");
        vm.assertEq(hash, 0, "latest hash");
        vm.assertEq(anchoredAt, 0, "the latest's time");
        (uint64 from, uint64 until) = registry.receiptSigner(merchantId, signer);
        vm.assertEq(from, 0, "from");
        vm.assertEq(until, 0, "until");
        (uint64 audited, uint64 attestedAt) = registry.audited(merchantId, signer);
        vm.assertEq(audited, 0, "audited number");
        vm.assertEq(attestedAt, 0, "attested at");
    }
}
