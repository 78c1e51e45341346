// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {deployRegistry} from "./support/Deploy.sol";
import {vm} from "./support/Vm.sol";

/// @notice What is deployed is what was committed, and can do nothing but keep its own storage.
contract ArtifactTest {
    function test_theCommittedBytecodeIsTheTestedOne() external view {
        string memory json = vm.readFile("abi/ShelfproofRegistry.json");
        bytes memory committed = vm.parseJsonBytes(json, ".bytecode");
        bytes memory tested = vm.getCode("ShelfproofRegistry.sol:ShelfproofRegistry");
        vm.assertEq(keccak256(committed), keccak256(tested), "run tools/artifacts");
    }

    /// @dev By the list a verifier recognises a registry. With zero for the dispute contract nothing needs masking.
    function test_whatIsDeployedIsTheNewestRelease() external {
        string memory json = vm.readFile("abi/releases.json");
        bytes32 newest = vm.parseJsonBytes32(json, "[0].codeHash");
        vm.assertEq(address(deployRegistry(address(0))).codehash, newest, "run tools/artifacts");
    }

    /// @dev No calls, no creation, no self-destruction: nothing to upgrade, nothing to re-enter.
    function test_theCodeReachesNoOtherCode() external {
        bytes memory code = address(deployRegistry(address(0))).code;
        for (uint256 i = 0; i < code.length; i++) {
            uint8 op = uint8(code[i]);
            vm.assertFalse(op >= 0xf0 && op != 0xf3 && op != 0xfd && op != 0xfe, "an opcode that reaches out");
            if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
        }
    }
}
