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

    /// @dev The last epoch that an auditor attested, and when.
    struct Attestation {
        uint64 number;
        uint64 attestedAt;
    }

    /// @dev The first three fields share a slot: they are all that `anchor` reads and writes beside two epochs.
    /// `anchorer` and `owner` are never zero once the merchant is registered, and tell that it is. An epoch is its hash,
    /// with its time in the last four bytes, which are zero in every hash.
    struct Merchant {
        address anchorer;
        uint64 latest;
        bool retired;
        address owner;
        address offeredOwner;
        bytes32 vrfPublicKey;
        bytes32 successor;
        string dataUri;
        mapping(uint64 number => bytes32) epochs;
        mapping(address signer => Span) signers;
        mapping(address auditor => Attestation) audits;
    }

    uint64 private constant MAX_EVENT_COUNT = 1 << 20;
    uint256 private constant MAX_DATA_URI_BYTES = 512;
    uint64 private constant MIN_END_NOTICE_S = 1 hours;
    bytes32 private constant TIME_MASK = bytes32(uint256(type(uint32).max));

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
        (bytes32 stored,) = _unpack(merchant.epochs[latest]);
        require(parent == stored, WrongParent(parent, stored));
        require(eventCount != 0 && eventCount <= MAX_EVENT_COUNT, WrongEventCount(eventCount));

        hash = keccak256(abi.encode(merchantId, number, parent, eventsRoot, historyRoot, eventCount, dataHash))
            & ~TIME_MASK;
        merchant.latest = number;
        merchant.epochs[number] = hash | (bytes32(block.timestamp) & TIME_MASK);
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
        uint64 earliest = uint64(block.timestamp) + MIN_END_NOTICE_S;
        require(until >= earliest, EndTooSoon(until, earliest));
        uint64 stored = span.until;
        require(stored == 0 || until < stored, EndNotLower(until, stored));

        span.until = until;
        emit ReceiptSignerEnded(merchantId, signer, until);
    }

    /// @inheritdoc IShelfproofRegistry
    function offerOwnership(bytes32 merchantId, address to) external {
        _owned(merchantId).offeredOwner = to;
        emit OwnershipOffered(merchantId, to);
    }

    /// @inheritdoc IShelfproofRegistry
    function acceptOwnership(bytes32 merchantId) external {
        Merchant storage merchant = merchants[merchantId];
        require(merchant.owner != address(0), UnknownMerchant(merchantId));
        // Without an offer this is the zero address, from which no call comes.
        require(merchant.offeredOwner == msg.sender, NotOffered(merchantId, msg.sender));

        merchant.owner = msg.sender;
        delete merchant.offeredOwner;
        emit OwnershipAccepted(merchantId, msg.sender);
    }

    /// @inheritdoc IShelfproofRegistry
    function retire(bytes32 merchantId, bytes32 successor_) external {
        Merchant storage merchant = _owned(merchantId);
        require(!merchant.retired, Retired(merchantId));

        merchant.retired = true;
        merchant.successor = successor_;
        emit MerchantRetired(merchantId, successor_);
    }

    /// @inheritdoc IShelfproofRegistry
    function attestAudit(bytes32 merchantId, uint64 number, bytes32 epochHash) external {
        Merchant storage merchant = merchants[merchantId];
        require(merchant.anchorer != address(0), UnknownMerchant(merchantId));
        (bytes32 stored,) = _unpack(merchant.epochs[number]);
        require(stored != 0 && epochHash == stored, WrongEpochHash(epochHash, stored));
        Attestation storage audit = merchant.audits[msg.sender];
        uint64 attested = audit.number;
        require(number > attested, AuditNotForward(number, attested));

        audit.number = number;
        audit.attestedAt = uint64(block.timestamp);
        emit AuditAttested(merchantId, msg.sender, number, epochHash);
    }

    /// @inheritdoc IShelfproofRegistry
    function epoch(bytes32 merchantId, uint64 number) external view returns (bytes32 hash, uint32 anchoredAt) {
        return _unpack(merchants[merchantId].epochs[number]);
    }

    /// @inheritdoc IShelfproofRegistry
    function latestEpoch(bytes32 merchantId) external view returns (uint64 number, bytes32 hash, uint32 anchoredAt) {
        Merchant storage merchant = merchants[merchantId];
        number = merchant.latest;
        (hash, anchoredAt) = _unpack(merchant.epochs[number]);
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
    function audited(bytes32 merchantId, address auditor) external view returns (uint64 number, uint64 attestedAt) {
        Attestation storage audit = merchants[merchantId].audits[auditor];
        return (audit.number, audit.attestedAt);
    }

    /// @inheritdoc IShelfproofRegistry
    function owner(bytes32 merchantId) external view returns (address) {
        return merchants[merchantId].owner;
    }

    /// @inheritdoc IShelfproofRegistry
    function offeredOwner(bytes32 merchantId) external view returns (address) {
        return merchants[merchantId].offeredOwner;
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

    /// @inheritdoc IShelfproofRegistry
    function successor(bytes32 merchantId) external view returns (bytes32) {
        return merchants[merchantId].successor;
    }

    /// @dev An epoch as it is stored, in its two parts.
    function _unpack(bytes32 stored) private pure returns (bytes32 hash, uint32 anchoredAt) {
        return (stored & ~TIME_MASK, uint32(uint256(stored)));
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
