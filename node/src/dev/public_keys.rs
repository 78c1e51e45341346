//! The public parts of a shop's keys, for registering its merchant.

use std::path::Path;

use alloy_primitives::{Address, B256};

use crate::vault::VaultError;
use crate::vault::folder::{Name, list};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    pub vrf: B256,
    pub anchorer: Address,
    pub receipt_signer: Address,
    pub owner: Address,
}

impl PublicKeys {
    /// Reads the public keys from the key files in `folder`. This needs no passphrase.
    ///
    /// # Errors
    /// If a key is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, VaultError> {
        let keys = list(folder)?;
        let public = |is_it: fn(Name) -> bool, any: Name| {
            let found = keys.iter().find(|key| key.is_active && is_it(key.name));
            found
                .and_then(|key| key.public.as_ref())
                .map(AsRef::<[u8]>::as_ref)
                .ok_or_else(|| VaultError::NotThisKind(any.path(folder)))
        };
        let address = |is_it, any: Name| -> Result<Address, VaultError> {
            Address::try_from(public(is_it, any)?).map_err(|_| VaultError::NotThisKind(any.path(folder)))
        };
        let vrf = public(|name| name == Name::Vrf, Name::Vrf)?;
        Ok(Self {
            vrf: B256::try_from(vrf).map_err(|_| VaultError::NotThisKind(Name::Vrf.path(folder)))?,
            anchorer: address(|name| name == Name::Anchorer, Name::Anchorer)?,
            receipt_signer: address(|name| matches!(name, Name::Receipt(_)), Name::Receipt(1))?,
            owner: address(|name| name == Name::Owner, Name::Owner)?,
        })
    }
}
