// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {deployRegistry} from "./support/Deploy.sol";
import {Header} from "./support/Header.sol";
import {Vectors} from "./support/Vectors.sol";
import {vm} from "./support/Vm.sol";

/// @notice What the protocol's vectors say of the chain, of the events tree and of receipts.
contract VectorsTest {
    using Vectors for string;
    using Vectors for Vectors.KeyEvent;

    uint256 private constant EPOCHS = 4;

    IShelfproofRegistry private registry;
    bytes32 private id;

    mapping(bytes32 record => uint256) private listed;

    /// @dev The vectors' registry is the first contract that their owner creates on their chain.
    function setUp() external {
        string memory json = Vectors.load();
        address owner = vm.parseJsonAddress(json, ".merchant.owner");
        vm.chainId(vm.parseJsonUint(json, ".merchant.chainId"));
        vm.warp(vm.parseJsonUint(json, ".trusted.receiptSigners[0].from"));
        vm.prank(owner);
        registry = deployRegistry(address(0));
        vm.prank(owner);
        id = registry.register(
            vm.parseJsonBytes32(json, ".merchant.salt"),
            vm.parseJsonBytes32(json, ".vrf.publicKey"),
            address(this),
            vm.parseJsonAddress(json, ".receipts.signer"),
            ""
        );
    }

    function test_merchantId() external view {
        string memory json = Vectors.load();
        vm.assertEq(address(registry), vm.parseJsonAddress(json, ".merchant.registry"), "registry");
        vm.assertEq(id, vm.parseJsonBytes32(json, ".merchant.merchantId"), "merchant id");
    }

    function test_whatTheTrustedFileSaysOfTheMerchant() external view {
        string memory json = Vectors.load();
        vm.assertEq(registry.vrfPublicKey(id), vm.parseJsonBytes32(json, ".trusted.vrfPublicKey"), "VRF key");
        address signer = vm.parseJsonAddress(json, ".trusted.receiptSigners[0].address");
        (uint64 from, uint64 until) = registry.receiptSigner(id, signer);
        vm.assertEq(from, vm.parseJsonUint(json, ".trusted.receiptSigners[0].from"), "from");
        vm.assertEq(until, vm.parseJsonUint(json, ".trusted.receiptSigners[0].until"), "until");
    }

    function test_epochHashes() external {
        string memory json = Vectors.load();
        for (uint256 i = 0; i < EPOCHS; i++) {
            Header memory header = json.header(i);
            bytes32 expected = vm.parseJsonBytes32(json, string.concat(Vectors.epochPath(i), ".hash"));
            string memory trusted = string.concat(".trusted.epochs[", vm.toString(i), "]");
            uint256 time = vm.parseJsonUint(json, string.concat(trusted, ".anchoredAt"));
            vm.warp(time);
            bytes32 hash = registry.anchor(
                header.merchantId,
                header.number,
                header.parent,
                header.eventsRoot,
                header.historyRoot,
                header.eventCount,
                header.dataHash
            );
            vm.assertEq(hash, expected, "epoch hash");
            (bytes32 stored, uint32 anchoredAt) = registry.epoch(id, header.number);
            vm.assertEq(stored, expected, "stored");
            vm.assertEq(stored, vm.parseJsonBytes32(json, string.concat(trusted, ".hash")), "trusted");
            vm.assertEq(anchoredAt, time, "anchored at");
        }
        vm.assertFalse(vm.keyExistsJson(json, Vectors.epochPath(EPOCHS)), "an epoch was not read");
    }

    function test_payloadsOpen() external view {
        string memory json = Vectors.load();
        for (uint256 epoch = 0; epoch < EPOCHS; epoch++) {
            for (uint256 i = 0; i < json.header(epoch).eventCount; i++) {
                string memory place = Vectors.eventPath(epoch, i);
                bytes32 salt = vm.parseJsonBytes32(json, string.concat(place, ".salt"));
                string memory body = vm.parseJsonString(json, string.concat(place, ".body"));
                bytes32 payload = keccak256(abi.encodePacked(salt, body));
                vm.assertEq(payload, json.keyEvent(place).payload, place);
            }
        }
    }

    /// @dev Each path leads its own event to the root, and no other event; `MerkleProof` knows no position, so that is all.
    function test_everyPathVerifies() external view {
        string memory json = Vectors.load();
        for (uint256 epoch = 0; epoch < EPOCHS; epoch++) {
            Header memory header = json.header(epoch);
            for (uint256 i = 0; i < header.eventCount; i++) {
                string memory place = Vectors.eventPath(epoch, i);
                Vectors.KeyEvent memory keyEvent = json.keyEvent(place);
                bytes32 hash = keyEvent.eventHash();
                vm.assertEq(hash, vm.parseJsonBytes32(json, string.concat(place, ".hash")), place);

                bytes32[] memory path = vm.parseJsonBytes32Array(json, string.concat(place, ".path"));
                vm.assertTrue(MerkleProof.verify(path, header.eventsRoot, hash), place);
                keyEvent.atMs++;
                vm.assertFalse(MerkleProof.verify(path, header.eventsRoot, keyEvent.eventHash()), place);
            }
            string memory next = Vectors.eventPath(epoch, header.eventCount);
            vm.assertFalse(vm.keyExistsJson(json, next), "an event was not read");
        }
    }

    /// @dev The published data hashes to the header's hash and holds the listed events, each once and nothing else.
    function test_dataHoldsTheEvents() external {
        string memory json = Vectors.load();
        for (uint256 epoch = 0; epoch < EPOCHS; epoch++) {
            Header memory header = json.header(epoch);
            string memory hex_ = vm.parseJsonString(json, string.concat(Vectors.epochPath(epoch), ".data"));
            bytes memory data = vm.parseBytes(string.concat("0x", hex_));
            vm.assertEq(sha256(data), header.dataHash, "data hash");
            vm.assertEq(data.length, header.eventCount * 109, "data length");

            for (uint256 i = 0; i < header.eventCount; i++) {
                listed[keccak256(json.keyEvent(Vectors.eventPath(epoch, i)).record())]++;
            }
            for (uint256 i = 0; i < header.eventCount; i++) {
                bytes32 record;
                assembly ("memory-safe") {
                    record := keccak256(add(add(data, 0x20), mul(i, 109)), 109)
                }
                vm.assertEq(listed[record]--, 1, "a record that is no listed event");
            }
        }
    }

    function test_receiptSignature() external view {
        string memory json = Vectors.load();
        address signer = vm.parseJsonAddress(json, ".receipts.signer");
        bytes32 root = vm.parseJsonBytes32(json, ".receipts.root");
        uint256 receipts = 0;
        for (; vm.keyExistsJson(json, _receipt(receipts)); receipts++) {
            string memory place = _receipt(receipts);
            bytes32 digest = _receiptDigest(root, vm.parseJsonUint(json, string.concat(place, ".anchorBy")));
            vm.assertEq(digest, vm.parseJsonBytes32(json, ".receipts.digest"), "digest");

            bytes memory signature = vm.parseJsonBytes(json, string.concat(place, ".signature"));
            vm.assertEq(ECDSA.recover(digest, signature), signer, "signer");
            bytes32 hash = _promiseHash(json, place, json.keyEvent(string.concat(place, ".event")).eventHash());
            string memory leaf = string.concat(".receipts.promises[", vm.toString(receipts), "].hash");
            vm.assertEq(hash, vm.parseJsonBytes32(json, leaf), "promise hash");
            bytes32[] memory path = vm.parseJsonBytes32Array(json, string.concat(place, ".path"));
            vm.assertTrue(MerkleProof.verify(path, root, hash), place);
        }
        vm.assertEq(receipts, 9, "receipts read");
    }

    function _receipt(uint256 index) private pure returns (string memory) {
        return string.concat(".receipts.receipts[", vm.toString(index), "]");
    }

    /// @dev The leaf that the receipt's root is over, as protocol section 4 says.
    function _promiseHash(string memory json, string memory place, bytes32 eventHash) private pure returns (bytes32) {
        bytes memory leaf = abi.encode(
            eventHash,
            vm.parseJsonBytes32(json, string.concat(place, ".buyer")),
            vm.parseUint(vm.parseJsonString(json, string.concat(place, ".cover"))),
            vm.parseJsonAddress(json, string.concat(place, ".token"))
        );
        return keccak256(bytes.concat(keccak256(leaf)));
    }

    /// @dev EIP-712, as protocol section 4 says.
    function _receiptDigest(bytes32 root, uint256 anchorBy) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Shelfproof"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        bytes32 receipt = keccak256(
            abi.encode(keccak256("Receipt(bytes32 merchantId,bytes32 root,uint64 anchorBy)"), id, root, anchorBy)
        );
        return MessageHashUtils.toTypedDataHash(domain, receipt);
    }
}
