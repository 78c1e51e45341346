// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title The Shelfproof registry
/// @notice Keeps one append-only chain of epoch hashes per merchant, and what a verifier needs beside it: the VRF key,
/// the spans in which receipt signers count, where the epoch data is published, and how far auditors vouch for it.
/// Nobody stands above the merchants, and nothing can be upgraded.
/// @dev The views answer zero (or the empty string) for a merchant, an epoch, a signer or an auditor that is unknown;
/// whatever changes state reverts with `UnknownMerchant` instead. Times are Unix seconds. An epoch hash ends in four
/// zero bytes: in storage they hold the epoch's time, so that one slot has both.
interface IShelfproofRegistry {
    // ---------------------------------------------------------------------------------------------------- events

    /// @notice A merchant was registered.
    /// @param merchantId `keccak256(abi.encode(chainId, registry, owner, salt))`
    /// @param owner who may change the merchant's settings, until the ownership is handed over
    /// @param vrfPublicKey the ECVRF key of the shelf, which never changes
    /// @param dataUri where the epoch data is published
    event MerchantRegistered(bytes32 indexed merchantId, address indexed owner, bytes32 vrfPublicKey, string dataUri);

    /// @notice An epoch was anchored.
    /// @param merchantId whose epoch it is
    /// @param number 1, 2, 3 … without gaps
    /// @param parent the epoch hash before, zero for number 1
    /// @param eventsRoot the root of the epoch's events tree
    /// @param historyRoot the root of the history map after this epoch
    /// @param eventCount how many events the epoch holds
    /// @param dataHash SHA-256 of the published data
    /// @param epochHash the hash now stored under this number
    event EpochAnchored(
        bytes32 indexed merchantId,
        uint64 indexed number,
        bytes32 parent,
        bytes32 eventsRoot,
        bytes32 historyRoot,
        uint64 eventCount,
        bytes32 dataHash,
        bytes32 epochHash
    );

    /// @notice An auditor says that it replayed all epochs up to this one, and found no breach.
    /// @param merchantId whose epochs they are
    /// @param auditor who says so, for itself alone
    /// @param number the last epoch that it replayed
    /// @param epochHash that epoch's hash
    event AuditAttested(bytes32 indexed merchantId, address indexed auditor, uint64 number, bytes32 epochHash);

    /// @notice From now on this address, and no other, anchors for the merchant.
    /// @param merchantId whose anchorer it is
    /// @param anchorer the address that may call `anchor`
    event AnchorerSet(bytes32 indexed merchantId, address indexed anchorer);

    /// @notice The epoch data is published here from now on.
    /// @param merchantId whose data it is
    /// @param dataUri where it is published
    event DataUriSet(bytes32 indexed merchantId, string dataUri);

    /// @notice Receipts by this signer count from now on.
    /// @param merchantId whose receipts they are
    /// @param signer the address that signs them
    /// @param from the time of this block
    event ReceiptSignerAdded(bytes32 indexed merchantId, address indexed signer, uint64 from);

    /// @notice Receipts by this signer stop counting. The last such event of a signer says when.
    /// @param merchantId whose receipts they are
    /// @param signer the address that signed them
    /// @param until the first second that no longer counts
    event ReceiptSignerEnded(bytes32 indexed merchantId, address indexed signer, uint64 until);

    /// @notice The owner offers its place to this address, which may accept. The last such event counts.
    /// @param merchantId whose owner is to change
    /// @param offered who may accept; zero withdraws the offer
    event OwnershipOffered(bytes32 indexed merchantId, address indexed offered);

    /// @notice The offer was accepted. The merchant's id stays what it was.
    /// @param merchantId whose owner changed
    /// @param owner who may change the merchant's settings from now on
    event OwnershipAccepted(bytes32 indexed merchantId, address indexed owner);

    /// @notice The merchant anchors no more: its last epoch stays the latest.
    /// @param merchantId who retired
    /// @param successor the merchant that goes on in its place, zero for none
    event MerchantRetired(bytes32 indexed merchantId, bytes32 indexed successor);

    // ---------------------------------------------------------------------------------------------------- errors

    /// @notice No merchant is registered under this id.
    error UnknownMerchant(bytes32 merchantId);
    /// @notice The caller registered this salt before.
    error AlreadyRegistered(bytes32 merchantId);
    /// @notice Only the merchant's owner may do this.
    error NotOwner(bytes32 merchantId, address caller);
    /// @notice Only the address to which the ownership is offered may accept it.
    error NotOffered(bytes32 merchantId, address caller);
    /// @notice Only the merchant's anchorer may do this.
    error NotAnchorer(bytes32 merchantId, address caller);
    /// @notice A retired merchant neither anchors nor retires again.
    error Retired(bytes32 merchantId);
    /// @notice The VRF key is zero, which is no key.
    error ZeroVrfPublicKey();
    /// @notice The anchorer is the zero address, which could never anchor.
    error ZeroAnchorer();
    /// @notice The receipt signer is the zero address, which a failed recovery yields.
    error ZeroReceiptSigner();
    /// @notice The data URI has more bytes than a registry keeps.
    error DataUriTooLong(uint256 length, uint256 limit);
    /// @notice The epoch is not the next one: the sender is stale, or ahead.
    error WrongNumber(uint64 given, uint64 next);
    /// @notice The epoch does not stand on the stored one: the sender built on another's epoch.
    error WrongParent(bytes32 given, bytes32 stored);
    /// @notice An epoch holds 1 to 2²⁰ events.
    error WrongEventCount(uint64 given);
    /// @notice A receipt signer is added once, and never again after its end.
    error SignerAlreadyAdded(bytes32 merchantId, address signer);
    /// @notice This address was never a receipt signer of the merchant.
    error UnknownSigner(bytes32 merchantId, address signer);
    /// @notice The end of a receipt signer can be brought forward, and never put off.
    error EndNotLower(uint64 given, uint64 stored);
    /// @notice The end lies less than an hour ahead: receipts just handed out would lose their force.
    error EndTooSoon(uint64 given, uint64 earliest);
    /// @notice The hash is not the one that is stored under this number, or there is no such epoch yet.
    error WrongEpochHash(bytes32 given, bytes32 stored);
    /// @notice This auditor has attested this epoch, or a later one, before.
    error AuditNotForward(uint64 given, uint64 attested);

    // ------------------------------------------------------------------------------------------------- changing

    /// @notice Registers the caller as a merchant and its owner, with a first receipt signer from this block on.
    /// @param salt tells apart several merchants of one owner
    /// @param vrfPublicKey the ECVRF-EDWARDS25519-SHA512-TAI public key; not zero, and fixed for ever. Whether it is a good
    /// point is for verifiers to judge: a bad one makes no proof verify, and harms its owner alone
    /// @param anchorer the address that may anchor; not zero
    /// @param receiptSigner the first address whose receipts count; not zero
    /// @param dataUri where the epoch data will be published; at most 512 bytes
    /// @return merchantId `keccak256(abi.encode(chainId, registry, owner, salt))`
    function register(
        bytes32 salt,
        bytes32 vrfPublicKey,
        address anchorer,
        address receiptSigner,
        string calldata dataUri
    ) external returns (bytes32 merchantId);

    /// @notice Anchors the merchant's next epoch. Only its anchorer may, and not once it is retired.
    /// @param merchantId whose epoch it is
    /// @param number the latest epoch's number and one, else `WrongNumber`
    /// @param parent the latest epoch's hash (zero for number 1), else `WrongParent`: a stale sender cannot build on
    /// another's epoch
    /// @param eventsRoot the root of the epoch's events tree
    /// @param historyRoot the root of the history map after this epoch
    /// @param eventCount how many events the epoch holds, 1 to 2²⁰
    /// @param dataHash SHA-256 of the data, which is published before
    /// @return epochHash
    /// `keccak256(abi.encode(merchantId, number, parent, eventsRoot, historyRoot, eventCount, dataHash))`, its last
    /// four bytes set to zero
    function anchor(
        bytes32 merchantId,
        uint64 number,
        bytes32 parent,
        bytes32 eventsRoot,
        bytes32 historyRoot,
        uint64 eventCount,
        bytes32 dataHash
    ) external returns (bytes32 epochHash);

    /// @notice Puts another anchorer in the place of the present one. Only the owner may.
    /// @param merchantId whose anchorer it is
    /// @param anchorer the new one; not zero
    function setAnchorer(bytes32 merchantId, address anchorer) external;

    /// @notice Says that the epoch data is published elsewhere. Only the owner may.
    /// @param merchantId whose data it is
    /// @param dataUri the new place; at most 512 bytes
    function setDataUri(bytes32 merchantId, string calldata dataUri) external;

    /// @notice Makes receipts by another signer count, from this block on. Only the owner may.
    /// @param merchantId whose receipts they are
    /// @param signer the address that signs them; not zero, and never added before, ended or not
    function addReceiptSigner(bytes32 merchantId, address signer) external;

    /// @notice Sets when receipts by a signer stop counting, or brings that end forward. Only the owner may.
    /// @param merchantId whose receipts they are
    /// @param signer an address that was added
    /// @param until the first second that no longer counts: at least an hour ahead, and before the end that is set
    function endReceiptSigner(bytes32 merchantId, address signer, uint64 until) external;

    /// @notice Offers the ownership to an address, in place of an earlier offer. Only the owner may, and stays the
    /// owner until the offer is accepted.
    /// @param merchantId whose owner is to change
    /// @param to who may accept; zero withdraws the offer
    function offerOwnership(bytes32 merchantId, address to) external;

    /// @notice Takes the ownership that was offered to the caller. The merchant's id stays: the first owner is in it.
    /// @param merchantId whose owner changes
    function acceptOwnership(bytes32 merchantId) external;

    /// @notice Ends anchoring for ever: the last epoch stays the latest. Only the owner may, and once. Everything else
    /// about the merchant (where its data lies, its signers' ends, its owner) can still be changed.
    /// @param merchantId who retires
    /// @param successor the merchant that goes on in its place, zero for none. It is shown as what the owner said, and
    /// nothing of it is checked: it may be in another registry
    function retire(bytes32 merchantId, bytes32 successor) external;

    /// @notice Says that the caller replayed all epochs up to this one, and found no breach. Anybody may, for itself:
    /// who trusts whom is for verifiers to decide.
    /// @param merchantId whose epochs they are
    /// @param number the last epoch that was replayed; after the one that the caller attested before
    /// @param epochHash the hash that is stored under that number
    function attestAudit(bytes32 merchantId, uint64 number, bytes32 epochHash) external;

    // -------------------------------------------------------------------------------------------------- reading

    /// @notice One epoch.
    /// @param merchantId whose epoch it is
    /// @param number 1, 2, 3 …
    /// @return epochHash its hash
    /// @return anchoredAt the time of the block that took it; both are zero if there is no such epoch
    function epoch(bytes32 merchantId, uint64 number) external view returns (bytes32 epochHash, uint32 anchoredAt);

    /// @notice The latest epoch.
    /// @param merchantId whose epoch it is
    /// @return number its number, which is also how many there are
    /// @return epochHash its hash
    /// @return anchoredAt the time of the block that took it; all are zero before the first
    function latestEpoch(bytes32 merchantId) external view returns (uint64 number, bytes32 epochHash, uint32 anchoredAt);

    /// @notice The VRF key that binds codes to key ids.
    /// @param merchantId whose key it is
    /// @return vrfPublicKey the key, zero for an unknown merchant
    function vrfPublicKey(bytes32 merchantId) external view returns (bytes32 vrfPublicKey);

    /// @notice The span in which receipts by a signer count: `from ≤ t`, and `t < until` unless `until` is zero.
    /// @param merchantId whose receipts they are
    /// @param signer the address that signed them
    /// @return from the block time of adding, never zero for a signer that was added
    /// @return until the end, zero meaning none
    function receiptSigner(bytes32 merchantId, address signer) external view returns (uint64 from, uint64 until);

    /// @notice How far an auditor vouches for the merchant.
    /// @param merchantId the merchant
    /// @param auditor the address that attests
    /// @return number the last epoch that it replayed
    /// @return attestedAt when it said so; both are zero if it never did
    function audited(bytes32 merchantId, address auditor) external view returns (uint64 number, uint64 attestedAt);

    /// @notice Who may change the merchant's settings.
    /// @param merchantId the merchant
    /// @return owner the address that registered it, or the last one that accepted the ownership
    function owner(bytes32 merchantId) external view returns (address owner);

    /// @notice Who may accept the merchant's ownership.
    /// @param merchantId the merchant
    /// @return offered the address, zero while there is no offer
    function offeredOwner(bytes32 merchantId) external view returns (address offered);

    /// @notice Who may anchor.
    /// @param merchantId the merchant
    /// @return anchorer the address
    function anchorer(bytes32 merchantId) external view returns (address anchorer);

    /// @notice Where the epoch data is published.
    /// @param merchantId the merchant
    /// @return dataUri the place, below which a file `epochs/<number, ten digits>.events` lies for each epoch, and what
    /// is published beside it
    function dataUri(bytes32 merchantId) external view returns (string memory dataUri);

    /// @notice Whether the merchant has ended its anchoring.
    /// @param merchantId the merchant
    /// @return retired true from `retire` on
    function retired(bytes32 merchantId) external view returns (bool retired);

    /// @notice Which merchant goes on in the place of one that retired.
    /// @param merchantId who retired
    /// @return successor what its owner named, zero for none
    function successor(bytes32 merchantId) external view returns (bytes32 successor);

    /// @notice The contract that judges proofs of breach for this registry's merchants.
    /// @return disputes its address, zero if there is none
    function disputes() external view returns (address disputes);
}
