// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Header} from "./Header.sol";
import {vm} from "./Vm.sol";

/// @notice Reads the protocol's vectors, and hashes events as the protocol says.
library Vectors {
    struct KeyEvent {
        bytes32 keyId;
        uint32 version;
        uint8 kind;
        uint64 atMs;
        bytes32 prev;
        bytes32 payload;
    }

    function load() internal view returns (string memory) {
        return vm.readFile("../tests/vectors/protocol-v1.json");
    }

    function header(string memory json, uint256 epoch) internal pure returns (Header memory) {
        string memory place = string.concat(epochPath(epoch), ".header");
        return Header({
            merchantId: vm.parseJsonBytes32(json, string.concat(place, ".merchantId")),
            number: uint64(vm.parseJsonUint(json, string.concat(place, ".number"))),
            parent: vm.parseJsonBytes32(json, string.concat(place, ".parent")),
            eventsRoot: vm.parseJsonBytes32(json, string.concat(place, ".eventsRoot")),
            historyRoot: vm.parseJsonBytes32(json, string.concat(place, ".historyRoot")),
            eventCount: uint64(vm.parseJsonUint(json, string.concat(place, ".eventCount"))),
            dataHash: vm.parseJsonBytes32(json, string.concat(place, ".dataHash"))
        });
    }

    /// @param place the JSON path of the object that holds the event's fields
    function keyEvent(string memory json, string memory place) internal pure returns (KeyEvent memory) {
        return KeyEvent({
            keyId: vm.parseJsonBytes32(json, string.concat(place, ".keyId")),
            version: uint32(vm.parseJsonUint(json, string.concat(place, ".version"))),
            kind: kindCode(vm.parseJsonString(json, string.concat(place, ".kind"))),
            atMs: uint64(vm.parseJsonUint(json, string.concat(place, ".at"))),
            prev: vm.parseJsonBytes32(json, string.concat(place, ".prev")),
            payload: vm.parseJsonBytes32(json, string.concat(place, ".payload"))
        });
    }

    function epochPath(uint256 epoch) internal pure returns (string memory) {
        return string.concat(".epochs[", vm.toString(epoch), "]");
    }

    function eventPath(uint256 epoch, uint256 index) internal pure returns (string memory) {
        return string.concat(epochPath(epoch), ".events[", vm.toString(index), "]");
    }

    /// @dev The leaf of the events tree.
    function eventHash(KeyEvent memory e) internal pure returns (bytes32) {
        bytes32 inner = keccak256(abi.encode(e.keyId, e.version, e.kind, e.atMs, e.prev, e.payload));
        return keccak256(bytes.concat(inner));
    }

    /// @dev The 109 bytes that stand for the event in the published data.
    function record(KeyEvent memory e) internal pure returns (bytes memory) {
        return abi.encodePacked(e.keyId, e.version, e.kind, e.atMs, e.prev, e.payload);
    }

    function kindCode(string memory name) internal pure returns (uint8) {
        string[10] memory names = [
            "generated",
            "activated",
            "sold",
            "redeemed",
            "refunded",
            "voided",
            "disputed",
            "upheld",
            "transferred_out",
            "transferred_in"
        ];
        for (uint8 i = 0; i < names.length; i++) {
            if (keccak256(bytes(names[i])) == keccak256(bytes(name))) return i + 1;
        }
        revert(string.concat("no such kind: ", name));
    }
}
