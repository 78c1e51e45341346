// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "./IShelfproofRegistry.sol";

/// @title The Shelfproof registry
/// @notice See `IShelfproofRegistry`.
contract ShelfproofRegistry is IShelfproofRegistry {
    /// @dev `until` is zero while the signer has no end.
    struct Span {
        uint64 from;
        uint64 until;
    }

    /// @dev The first three fields share a slot: they are all that `anchor` reads and writes beside two epoch hashes.
    /// `anchorer` and `owner` are never zero once the merchant is registered, and tell that it is.
    struct Merchant {
        address anchorer;
        uint64 latest;
        bool retired;
        address owner;
        bytes32 vrfPublicKey;
        string dataUri;
        mapping(uint64 number => bytes32) epochHashes;
        mapping(address signer => Span) signers;
    }

    uint64 private constant MAX_EVENT_COUNT = 1 << 20;
    uint256 private constant MAX_DATA_URI_BYTES = 512;
    uint64 private constant MIN_END_NOTICE_S = 1 hours;

    /// @inheritdoc IShelfproofRegistry
    address public immutable disputes;

    mapping(bytes32 merchantId => Merchant) private merchants;

    /// @param disputes_ the contract that judges proofs of breach, zero for none
    constructor(address disputes_) {
        disputes = disputes_;
    }

    /// @inheritdoc IShelfproofRegistry
    function register(
        bytes32 salt,
        bytes32 vrfPublicKey_,
        address anchorer_,
        address receiptSigner_,
        string calldata dataUri_
    ) external returns (bytes32 merchantId) {
        require(vrfPublicKey_ != 0, ZeroVrfPublicKey());
        merchantId = keccak256(abi.encode(block.chainid, address(this), msg.sender, salt));
        Merchant storage merchant = merchants[merchantId];
        require(merchant.owner == address(0), AlreadyRegistered(merchantId));

        merchant.owner = msg.sender;
        merchant.vrfPublicKey = vrfPublicKey_;
        emit MerchantRegistered(merchantId, msg.sender, vrfPublicKey_, dataUri_);
        _setAnchorer(merchant, merchantId, anchorer_);
        _setDataUri(merchant, merchantId, dataUri_);
        _addReceiptSigner(merchant, merchantId, receiptSigner_);
    }

    /// @inheritdoc IShelfproofRegistry
    function anchor(
        bytes32 merchantId,
        uint64 number,
        bytes32 parent,
        bytes32 eventsRoot,
        bytes32 historyRoot,
        uint64 eventCount,
        bytes32 dataHash
    ) external returns (bytes32 hash) {
        Merchant storage merchant = merchants[merchantId];
        address anchorer_ = merchant.anchorer;
        require(anchorer_ != address(0), UnknownMerchant(merchantId));
        require(anchorer_ == msg.sender, NotAnchorer(merchantId, msg.sender));
        require(!merchant.retired, Retired(merchantId));
        uint64 latest = merchant.latest;
        require(number == latest + 1, WrongNumber(number, latest + 1));
        bytes32 stored = merchant.epochHashes[latest];
        require(parent == stored, WrongParent(parent, stored));
        require(eventCount != 0 && eventCount <= MAX_EVENT_COUNT, WrongEventCount(eventCount));

        hash = keccak256(abi.encode(merchantId, number, parent, eventsRoot, historyRoot, eventCount, dataHash));
        merchant.latest = number;
        merchant.epochHashes[number] = hash;
        emit EpochAnchored(merchantId, number, parent, eventsRoot, historyRoot, eventCount, dataHash, hash);
    }

    /// @inheritdoc IShelfproofRegistry
    function setAnchorer(bytes32 merchantId, address anchorer_) external {
        _setAnchorer(_owned(merchantId), merchantId, anchorer_);
    }

    /// @inheritdoc IShelfproofRegistry
    function setDataUri(bytes32 merchantId, string calldata dataUri_) external {
        _setDataUri(_owned(merchantId), merchantId, dataUri_);
    }

    /// @inheritdoc IShelfproofRegistry
    function addReceiptSigner(bytes32 merchantId, address signer) external {
        _addReceiptSigner(_owned(merchantId), merchantId, signer);
    }

    /// @inheritdoc IShelfproofRegistry
    function endReceiptSigner(bytes32 merchantId, address signer, uint64 until) external {
        Span storage span = _owned(merchantId).signers[signer];
        require(span.from != 0, UnknownSigner(merchantId, signer));
        require(span.until == 0, SignerAlreadyEnded(merchantId, signer));
        uint64 earliest = uint64(block.timestamp) + MIN_END_NOTICE_S;
        require(until >= earliest, EndTooSoon(until, earliest));

        span.until = until;
        emit ReceiptSignerEnded(merchantId, signer, until);
    }

    /// @inheritdoc IShelfproofRegistry
    function retire(bytes32 merchantId) external {
        Merchant storage merchant = _owned(merchantId);
        require(!merchant.retired, Retired(merchantId));

        merchant.retired = true;
        emit MerchantRetired(merchantId);
    }

    /// @inheritdoc IShelfproofRegistry
    function epochHash(bytes32 merchantId, uint64 number) external view returns (bytes32) {
        return merchants[merchantId].epochHashes[number];
    }

    /// @inheritdoc IShelfproofRegistry
    function latestEpoch(bytes32 merchantId) external view returns (uint64 number, bytes32 hash) {
        Merchant storage merchant = merchants[merchantId];
        number = merchant.latest;
        hash = merchant.epochHashes[number];
    }

    /// @inheritdoc IShelfproofRegistry
    function vrfPublicKey(bytes32 merchantId) external view returns (bytes32) {
        return merchants[merchantId].vrfPublicKey;
    }

    /// @inheritdoc IShelfproofRegistry
    function receiptSigner(bytes32 merchantId, address signer) external view returns (uint64 from, uint64 until) {
        Span storage span = merchants[merchantId].signers[signer];
        return (span.from, span.until);
    }

    /// @inheritdoc IShelfproofRegistry
    function owner(bytes32 merchantId) external view returns (address) {
        return merchants[merchantId].owner;
    }

    /// @inheritdoc IShelfproofRegistry
    function anchorer(bytes32 merchantId) external view returns (address) {
        return merchants[merchantId].anchorer;
    }

    /// @inheritdoc IShelfproofRegistry
    function dataUri(bytes32 merchantId) external view returns (string memory) {
        return merchants[merchantId].dataUri;
    }

    /// @inheritdoc IShelfproofRegistry
    function retired(bytes32 merchantId) external view returns (bool) {
        return merchants[merchantId].retired;
    }

    /// @dev The merchant, if the caller owns it.
    function _owned(bytes32 merchantId) private view returns (Merchant storage merchant) {
        merchant = merchants[merchantId];
        address owner_ = merchant.owner;
        require(owner_ != address(0), UnknownMerchant(merchantId));
        require(owner_ == msg.sender, NotOwner(merchantId, msg.sender));
    }

    function _setAnchorer(Merchant storage merchant, bytes32 merchantId, address anchorer_) private {
        require(anchorer_ != address(0), ZeroAnchorer());
        merchant.anchorer = anchorer_;
        emit AnchorerSet(merchantId, anchorer_);
    }

    function _setDataUri(Merchant storage merchant, bytes32 merchantId, string calldata dataUri_) private {
        uint256 length = bytes(dataUri_).length;
        require(length <= MAX_DATA_URI_BYTES, DataUriTooLong(length, MAX_DATA_URI_BYTES));
        merchant.dataUri = dataUri_;
        emit DataUriSet(merchantId, dataUri_);
    }

    function _addReceiptSigner(Merchant storage merchant, bytes32 merchantId, address signer) private {
        require(signer != address(0), ZeroReceiptSigner());
        Span storage span = merchant.signers[signer];
        require(span.from == 0, SignerAlreadyAdded(merchantId, signer));
        uint64 from = uint64(block.timestamp);
        span.from = from;
        emit ReceiptSignerAdded(merchantId, signer, from);
    }
}
