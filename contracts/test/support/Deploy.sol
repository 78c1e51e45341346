// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IShelfproofRegistry} from "../../src/IShelfproofRegistry.sol";
import {vm} from "./Vm.sol";

/// @dev What a deployment sends: the compiled bytecode and the constructor's argument. With `new`, every test contract
/// would carry the registry inside, and the compiler would optimise it once for each of them.
function registryCreationCode(address disputes) view returns (bytes memory) {
    return abi.encodePacked(vm.getCode("ShelfproofRegistry.sol:ShelfproofRegistry"), abi.encode(disputes));
}

/// @dev Deploys as whoever is pranked.
function deployRegistry(address disputes) returns (IShelfproofRegistry registry) {
    bytes memory code = registryCreationCode(disputes);
    assembly ("memory-safe") {
        registry := create(0, add(code, 0x20), mload(code))
    }
    vm.assertTrue(address(registry) != address(0), "the registry was not deployed");
}
