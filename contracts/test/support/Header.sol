// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../../src/IShelfproofRegistry.sol";

/// @notice An epoch's header: its fields in the order of the protocol, which is that of `anchor`.
struct Header {
    bytes32 merchantId;
    uint64 number;
    bytes32 parent;
    bytes32 eventsRoot;
    bytes32 historyRoot;
    uint64 eventCount;
    bytes32 dataHash;
}

using {anchorCall, epochHash} for Header global;

/// @dev The call that anchors this epoch. A struct of words encodes as its fields do one by one.
function anchorCall(Header memory header) pure returns (bytes memory) {
    return bytes.concat(IShelfproofRegistry.anchor.selector, abi.encode(header));
}

/// @dev The epoch hash as protocol section 3 writes it: its last four bytes are zero.
function epochHash(Header memory header) pure returns (bytes32) {
    bytes32 whole = keccak256(
        abi.encode(
            header.merchantId,
            header.number,
            header.parent,
            header.eventsRoot,
            header.historyRoot,
            header.eventCount,
            header.dataHash
        )
    );
    return bytes32(bytes28(whole));
}
