// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../../src/IShelfproofRegistry.sol";
import {deployRegistry} from "./Deploy.sol";
import {Header} from "./Header.sol";
import {vm} from "./Vm.sol";

/// @notice A registry with one merchant, the people around it, and an epoch to anchor.
abstract contract RegistryTest {
    /// @dev What `anchor` takes beside the merchant, the number and the parent.
    struct Content {
        bytes32 eventsRoot;
        bytes32 historyRoot;
        uint64 eventCount;
        bytes32 dataHash;
    }

    uint64 internal constant START_S = 1_790_000_000;
    bytes32 internal constant SALT = keccak256("salt");
    bytes32 internal constant VRF_KEY = keccak256("vrf key");
    string internal constant DATA_URI = "https://data.example/shelf";

    address internal constant DISPUTES = address(0xd15);
    address internal constant OWNER = address(0xa1);
    address internal constant ANCHORER = address(0xa2);
    address internal constant SIGNER = address(0xa3);
    address internal constant STRANGER = address(0xa4);

    IShelfproofRegistry internal registry;
    bytes32 internal id;

    function setUp() public virtual {
        vm.warp(START_S);
        registry = deployRegistry(DISPUTES);
        id = _register(SALT);
    }

    function _register(bytes32 salt) internal returns (bytes32) {
        vm.prank(OWNER);
        return registry.register(salt, VRF_KEY, ANCHORER, SIGNER, DATA_URI);
    }

    /// @dev Anchors some next epoch as the anchorer.
    function _anchorNext() internal returns (uint64 number, bytes32 hash) {
        (uint64 latest, bytes32 parent,) = registry.latestEpoch(id);
        number = latest + 1;
        vm.prank(ANCHORER);
        hash = _anchor(number, parent, _content(number));
    }

    /// @dev The stored hash of one epoch.
    function _epochHash(bytes32 merchantId, uint64 number) internal view returns (bytes32 hash) {
        (hash,) = registry.epoch(merchantId, number);
    }

    /// @dev Anchors as whoever is pranked.
    function _anchor(uint64 number, bytes32 parent, Content memory content) internal returns (bytes32) {
        return registry.anchor(
            id, number, parent, content.eventsRoot, content.historyRoot, content.eventCount, content.dataHash
        );
    }

    /// @dev Any content, another for each seed.
    function _content(uint256 seed) internal pure returns (Content memory) {
        return Content({
            eventsRoot: keccak256(abi.encode("events", seed)),
            historyRoot: keccak256(abi.encode("history", seed)),
            eventCount: uint64(1 + seed % (1 << 20)),
            dataHash: keccak256(abi.encode("data", seed))
        });
    }

    /// @dev The hash of an epoch with this content.
    function _hashOf(bytes32 merchantId, uint64 number, bytes32 parent, Content memory content)
        internal
        pure
        returns (bytes32)
    {
        return Header(
                merchantId,
                number,
                parent,
                content.eventsRoot,
                content.historyRoot,
                content.eventCount,
                content.dataHash
            ).epochHash();
    }

    /// @dev The next registry call of `caller` must fail with exactly this error.
    function _refuse(address caller, bytes memory err) internal {
        vm.prank(caller);
        vm.expectRevert(err);
    }

    /// @dev The next registry call of `caller` must emit what the test emits next.
    function _expectEvent(address caller) internal {
        vm.prank(caller);
        vm.expectEmit(address(registry));
    }
}
