// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice The ownership moves in two steps, and the merchant's id stays.
contract OwnershipTest is RegistryTest {
    address private constant NEXT = address(0xd1);

    function test_movesToWhoWasOfferedItAndAccepts() external {
        _expectEvent(OWNER);
        emit IShelfproofRegistry.OwnershipOffered(id, NEXT);
        registry.offerOwnership(id, NEXT);
        vm.assertEq(registry.offeredOwner(id), NEXT, "offered");
        vm.assertEq(registry.owner(id), OWNER, "the owner until then");

        _expectEvent(NEXT);
        emit IShelfproofRegistry.OwnershipAccepted(id, NEXT);
        registry.acceptOwnership(id);
        vm.assertEq(registry.owner(id), NEXT, "owner");
        vm.assertEq(registry.offeredOwner(id), address(0), "the offer is used up");
    }

    function test_theNewOwnerMayAndTheOldOneMayNot() external {
        _handOver();
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.NotOwner.selector, id, OWNER));
        registry.setDataUri(id, "https://elsewhere.example");
        vm.prank(NEXT);
        registry.setDataUri(id, "https://elsewhere.example");
        vm.assertEq(registry.dataUri(id), "https://elsewhere.example", "data URI");
        _anchorNext();
    }

    function test_theOfferedMayNothingBefore() external {
        vm.prank(OWNER);
        registry.offerOwnership(id, NEXT);
        _refuse(NEXT, abi.encodeWithSelector(IShelfproofRegistry.NotOwner.selector, id, NEXT));
        registry.setDataUri(id, "https://elsewhere.example");
    }

    function testFuzz_nobodyElseAccepts(address caller) external {
        vm.assume(caller != NEXT);
        vm.prank(OWNER);
        registry.offerOwnership(id, NEXT);
        _refuse(caller, abi.encodeWithSelector(IShelfproofRegistry.NotOffered.selector, id, caller));
        registry.acceptOwnership(id);
    }

    function test_anotherOfferTakesThePlaceOfTheFirst() external {
        vm.prank(OWNER);
        registry.offerOwnership(id, NEXT);
        vm.prank(OWNER);
        registry.offerOwnership(id, STRANGER);
        _refuse(NEXT, abi.encodeWithSelector(IShelfproofRegistry.NotOffered.selector, id, NEXT));
        registry.acceptOwnership(id);
    }

    function test_anOfferIsWithdrawn() external {
        vm.prank(OWNER);
        registry.offerOwnership(id, NEXT);
        vm.prank(OWNER);
        registry.offerOwnership(id, address(0));
        _refuse(NEXT, abi.encodeWithSelector(IShelfproofRegistry.NotOffered.selector, id, NEXT));
        registry.acceptOwnership(id);
    }

    function test_anOfferIsAcceptedOnce() external {
        _handOver();
        vm.prank(NEXT);
        registry.offerOwnership(id, OWNER);
        vm.prank(OWNER);
        registry.acceptOwnership(id);
        _refuse(NEXT, abi.encodeWithSelector(IShelfproofRegistry.NotOffered.selector, id, NEXT));
        registry.acceptOwnership(id);
    }

    function test_theFirstOwnerDoesNotRegisterTheIdAgain() external {
        _handOver();
        _refuse(OWNER, abi.encodeWithSelector(IShelfproofRegistry.AlreadyRegistered.selector, id));
        registry.register(SALT, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
    }

    function testFuzz_refusesAnUnknownMerchant(bytes32 merchantId) external {
        vm.assume(merchantId != id);
        _refuse(NEXT, abi.encodeWithSelector(IShelfproofRegistry.UnknownMerchant.selector, merchantId));
        registry.acceptOwnership(merchantId);
    }

    function _handOver() private {
        vm.prank(OWNER);
        registry.offerOwnership(id, NEXT);
        vm.prank(NEXT);
        registry.acceptOwnership(id);
    }
}
