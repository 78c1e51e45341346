// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../../src/IShelfproofRegistry.sol";
import {Header} from "./Header.sol";
import {vm} from "./Vm.sol";

/// @notice Does anything to a registry, as anybody, and keeps beside it a plain model of what must come of it: every call
/// must succeed exactly when the model says so. What the registry then answers is compared by the invariants.
contract Handler {
    struct Span {
        uint64 from;
        uint64 until;
    }

    struct Model {
        address owner;
        address offeredOwner;
        address anchorer;
        bytes32 vrfPublicKey;
        string dataUri;
        bool retired;
        uint64 retiredAtEpoch;
        bytes32 successor;
    }

    struct Audit {
        uint64 number;
        uint64 attestedAt;
    }

    uint256 private constant MERCHANTS = 4;
    uint256 private constant PEOPLE = 5;

    IShelfproofRegistry public immutable registry;

    bytes32[] public ids;
    mapping(bytes32 id => Model) public models;
    mapping(bytes32 id => bytes32[]) public hashes;
    mapping(bytes32 id => uint64[]) public times;
    mapping(bytes32 id => mapping(address auditor => Audit)) public audits;
    mapping(bytes32 id => mapping(address signer => Span)) public spans;
    /// @notice How many calls of each kind were to succeed, and did.
    mapping(bytes4 selector => uint256) public done;
    /// @notice How many calls of each kind were to be refused, and were.
    mapping(bytes4 selector => uint256) public refused;

    constructor(IShelfproofRegistry registry_) {
        registry = registry_;
    }

    // ---------------------------------------------------------------------------------------------------- actions

    function register(uint256 who, uint256 salt, uint256 anchorer, uint256 signer, bytes32 vrfPublicKey) external {
        salt = salt % 2;
        address caller = person(who);
        bytes32 id = keccak256(abi.encode(block.chainid, address(registry), caller, salt));
        bool allowed = models[id].owner == address(0) && vrfPublicKey != 0;
        if (allowed && ids.length == MERCHANTS) return;
        bytes memory call =
            abi.encodeCall(registry.register, (bytes32(salt), vrfPublicKey, person(anchorer), person(signer), "first"));
        vm.prank(caller);
        if (!_call(call, allowed)) return;
        ids.push(id);
        hashes[id].push(0);
        times[id].push(0);
        models[id] = Model(caller, address(0), person(anchorer), vrfPublicKey, "first", false, 0, 0);
        spans[id][person(signer)].from = uint64(block.timestamp);
    }

    /// @param slip which of the call's parts is spoilt, most often none
    function anchor(uint256 which, uint256 who, uint256 slip, bytes32 content) external {
        bytes32 id = _pick(which);
        if (id == 0) return;
        uint64 next = epochs(id) + 1;
        bytes32 head = hashes[id][next - 1];
        Header memory header = Header(id, next, head, content, ~content, 1 + uint64(slip >> 8) % (1 << 20), content);
        if (slip % 16 == 1) header.number = uint64(slip >> 8);
        if (slip % 16 == 2) header.parent = bytes32(slip);
        if (slip % 16 == 3) header.eventCount = uint32(slip >> 8);
        // Most calls come from the one that may, or else almost none would succeed.
        address caller = who % 4 != 0 ? models[id].anchorer : person(who);

        bool allowed = caller == models[id].anchorer && !models[id].retired && header.number == next
            && header.parent == head && header.eventCount >= 1 && header.eventCount <= 1 << 20;
        vm.prank(caller);
        if (!_call(header.anchorCall(), allowed)) return;
        hashes[id].push(header.epochHash());
        times[id].push(uint64(block.timestamp));
    }

    function setAnchorer(uint256 which, uint256 who, uint256 anchorer) external {
        bytes32 id = _pick(which);
        address to = anchorer % 7 == 0 ? address(0) : person(anchorer);
        bytes memory call = abi.encodeCall(registry.setAnchorer, (id, to));
        if (_callAsOwnerOrOther(id, who, call, to != address(0))) models[id].anchorer = to;
    }

    function setDataUri(uint256 which, uint256 who, uint16 length) external {
        bytes32 id = _pick(which);
        string memory dataUri = string(new bytes(length % 600));
        bytes memory call = abi.encodeCall(registry.setDataUri, (id, dataUri));
        if (_callAsOwnerOrOther(id, who, call, length % 600 <= 512)) models[id].dataUri = dataUri;
    }

    function addReceiptSigner(uint256 which, uint256 who, uint256 signer) external {
        bytes32 id = _pick(which);
        Span storage span = spans[id][person(signer)];
        bytes memory call = abi.encodeCall(registry.addReceiptSigner, (id, person(signer)));
        if (_callAsOwnerOrOther(id, who, call, span.from == 0)) span.from = uint64(block.timestamp);
    }

    function endReceiptSigner(uint256 which, uint256 who, uint256 signer, uint256 ahead) external {
        bytes32 id = _pick(which);
        Span storage span = spans[id][person(signer)];
        uint64 until = uint64(block.timestamp + ahead % 3 hours);
        bool lower = span.until == 0 || until < span.until;
        bool allowed = span.from != 0 && lower && until >= block.timestamp + 1 hours;
        bytes memory call = abi.encodeCall(registry.endReceiptSigner, (id, person(signer), until));
        if (_callAsOwnerOrOther(id, who, call, allowed)) span.until = until;
    }

    function offerOwnership(uint256 which, uint256 who, uint256 to) external {
        bytes32 id = _pick(which);
        address offered = to % 7 == 0 ? address(0) : person(to);
        bytes memory call = abi.encodeCall(registry.offerOwnership, (id, offered));
        if (_callAsOwnerOrOther(id, who, call, true)) models[id].offeredOwner = offered;
    }

    /// @param slip odd: anybody tries, and not who was offered it
    function acceptOwnership(uint256 which, uint256 who, uint256 slip) external {
        bytes32 id = _pick(which);
        address offered = models[id].offeredOwner;
        address caller = slip % 2 == 0 && offered != address(0) ? offered : person(who);
        vm.prank(caller);
        if (!_call(abi.encodeCall(registry.acceptOwnership, (id)), caller == offered)) return;
        models[id].owner = caller;
        models[id].offeredOwner = address(0);
    }

    /// @param slip which of the call's parts is spoilt, most often none
    function attestAudit(uint256 which, uint256 who, uint256 slip) external {
        bytes32 id = _pick(which);
        if (id == 0) return;
        uint64 number = epochs(id);
        if (slip % 4 == 1) number = uint64(slip >> 8) % (number + 2);
        bytes32 hash = number <= epochs(id) ? hashes[id][number] : bytes32(0);
        if (slip % 8 == 3) hash = bytes32(slip);
        address auditor = person(who);
        Audit storage audit = audits[id][auditor];

        bool stored = number >= 1 && number <= epochs(id) && hash == hashes[id][number];
        vm.prank(auditor);
        if (!_call(abi.encodeCall(registry.attestAudit, (id, number, hash)), stored && number > audit.number)) return;
        audit.number = number;
        audit.attestedAt = uint64(block.timestamp);
    }

    /// @param seldom zero of 16: keeps most merchants at work for most of a run
    function retire(uint256 which, uint256 who, uint256 seldom) external {
        if (seldom % 16 != 0) return;
        bytes32 id = _pick(which);
        bytes memory call = abi.encodeCall(registry.retire, (id, bytes32(seldom)));
        if (!_callAsOwnerOrOther(id, who, call, !models[id].retired)) return;
        models[id].retired = true;
        models[id].successor = bytes32(seldom);
        models[id].retiredAtEpoch = uint64(hashes[id].length - 1);
    }

    function pass(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_);
    }

    // ------------------------------------------------------------------------------------------------ the model

    function merchants() external view returns (uint256) {
        return ids.length;
    }

    function epochs(bytes32 id) public view returns (uint64) {
        return uint64(hashes[id].length - 1);
    }

    function people() external pure returns (uint256) {
        return PEOPLE;
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0xbeef00 + seed % PEOPLE));
    }

    // --------------------------------------------------------------------------------------------------- calling

    /// @dev A registered merchant, or zero while there is none: an unknown merchant, to whom nothing may be done.
    function _pick(uint256 seed) private view returns (bytes32) {
        return ids.length == 0 ? bytes32(0) : ids[seed % ids.length];
    }

    function _callAsOwnerOrOther(bytes32 id, uint256 who, bytes memory call, bool allowed) private returns (bool) {
        address owner = models[id].owner;
        address caller = who % 2 == 0 && owner != address(0) ? owner : person(who);
        vm.prank(caller);
        return _call(call, allowed && caller == owner);
    }

    function _call(bytes memory call, bool allowed) private returns (bool ok) {
        (ok,) = address(registry).call(call);
        vm.assertEq(ok, allowed, allowed ? "refused what is allowed" : "allowed what is to be refused");
        (ok ? done : refused)[bytes4(call)]++;
    }
}
