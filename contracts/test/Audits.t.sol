// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../src/IShelfproofRegistry.sol";
import {RegistryTest} from "./support/RegistryTest.sol";
import {vm} from "./support/Vm.sol";

/// @notice What auditors say of a merchant, each for itself.
contract AuditsTest is RegistryTest {
    address private constant AUDITOR = address(0xc1);

    function test_keepsAndEmitsTheLastEpochAndWhen() external {
        (, bytes32 hash) = _anchorNext();
        vm.warp(START_S + 1 days);
        _expectEvent(AUDITOR);
        emit IShelfproofRegistry.AuditAttested(id, AUDITOR, 1, hash);
        registry.attestAudit(id, 1, hash);
        _expect(AUDITOR, 1, START_S + 1 days);
    }

    function test_goesForwardOverEpochs() external {
        _anchorNext();
        (, bytes32 second) = _anchorNext();
        (, bytes32 third) = _anchorNext();
        _attest(AUDITOR, 2, second);
        vm.warp(START_S + 1 hours);
        _attest(AUDITOR, 3, third);
        _expect(AUDITOR, 3, START_S + 1 hours);
    }

    function test_refusesToGoBackOrToSayItTwice() external {
        (, bytes32 first) = _anchorNext();
        (, bytes32 second) = _anchorNext();
        _attest(AUDITOR, 2, second);
        vm.warp(START_S + 1 hours);
        _refuse(AUDITOR, abi.encodeWithSelector(IShelfproofRegistry.AuditNotForward.selector, 1, 2));
        registry.attestAudit(id, 1, first);
        _refuse(AUDITOR, abi.encodeWithSelector(IShelfproofRegistry.AuditNotForward.selector, 2, 2));
        registry.attestAudit(id, 2, second);
        _expect(AUDITOR, 2, START_S);
    }

    function testFuzz_refusesAnotherHash(bytes32 hash) external {
        (, bytes32 stored) = _anchorNext();
        vm.assume(hash != stored);
        _refuse(AUDITOR, _wrong(hash, stored));
        registry.attestAudit(id, 1, hash);
    }

    function test_refusesAHashWithItsTime() external {
        (, bytes32 stored) = _anchorNext();
        bytes32 packed = stored | bytes32(uint256(START_S));
        _refuse(AUDITOR, _wrong(packed, stored));
        registry.attestAudit(id, 1, packed);
    }

    function testFuzz_refusesAnEpochThatIsNotThere(uint64 number) external {
        _anchorNext();
        vm.assume(number != 1);
        _refuse(AUDITOR, _wrong(0, 0));
        registry.attestAudit(id, number, 0);
    }

    function testFuzz_refusesAnUnknownMerchant(bytes32 merchantId) external {
        vm.assume(merchantId != id);
        _refuse(AUDITOR, abi.encodeWithSelector(IShelfproofRegistry.UnknownMerchant.selector, merchantId));
        registry.attestAudit(merchantId, 0, 0);
    }

    function test_everybodySpeaksForItselfAlone() external {
        (, bytes32 hash) = _anchorNext();
        bytes32 other = _register("other");
        _attest(AUDITOR, 1, hash);
        _expect(STRANGER, 0, 0);
        _attest(OWNER, 1, hash);
        _expect(AUDITOR, 1, START_S);
        (uint64 number,) = registry.audited(other, AUDITOR);
        vm.assertEq(number, 0, "the other merchant's");
    }

    function test_theRetiredAreAuditedStill() external {
        (, bytes32 hash) = _anchorNext();
        vm.prank(OWNER);
        registry.retire(id, 0);
        _attest(AUDITOR, 1, hash);
        _expect(AUDITOR, 1, START_S);
    }

    function _attest(address auditor, uint64 number, bytes32 hash) private {
        vm.prank(auditor);
        registry.attestAudit(id, number, hash);
    }

    function _expect(address auditor, uint64 number, uint64 attestedAt) private view {
        (uint64 foundNumber, uint64 foundAt) = registry.audited(id, auditor);
        vm.assertEq(foundNumber, number, "number");
        vm.assertEq(foundAt, attestedAt, "attested at");
    }

    function _wrong(bytes32 given, bytes32 stored) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IShelfproofRegistry.WrongEpochHash.selector, given, stored);
    }
}
