//! Which merchant a command line means: by ids, or by a pinned name.

use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::{Address, B256};

use crate::args::SourceArgs;
use crate::input;
use crate::pins::Names;
use crate::report::Failure;

/// The merchant that the command line means.
pub(super) struct Target {
    pub(super) chain_id: Option<u64>,
    pub(super) registry: Address,
    pub(super) merchant_id: B256,
    pub(super) rpc: Option<String>,
}

impl Target {
    /// Finds the merchant by ids or by a pinned name; `None` if the command line names none.
    pub(super) fn find(args: &SourceArgs, names: &Names) -> Result<Option<Self>, Failure> {
        let Some(merchant) = &args.merchant else {
            return Ok(None);
        };
        let registry = registry_of(args)?;
        let Some(merchant_id) = input::hex_word(merchant) else {
            let pin = names.find(merchant)?;
            let identity = pin.identity();
            let differs = registry.is_some_and(|registry| registry != identity.registry)
                || args.chain_id.is_some_and(|chain_id| chain_id != identity.chain_id);
            if differs {
                return Err(Failure::usage(
                    "--registry or --chain-id is not what was pinned under that name",
                ));
            }
            return Ok(Some(Self {
                chain_id: Some(identity.chain_id),
                registry: identity.registry,
                merchant_id: identity.merchant_id,
                rpc: pin.rpc,
            }));
        };
        let registry = registry.ok_or_else(|| Failure::usage("a merchant id needs --registry beside it"))?;
        Ok(Some(Self {
            chain_id: args.chain_id,
            registry,
            merchant_id,
            rpc: None,
        }))
    }

    pub(super) fn is(&self, identity: &Identity) -> bool {
        self.chain_id.is_none_or(|chain_id| chain_id == identity.chain_id)
            && self.registry == identity.registry
            && self.merchant_id == identity.merchant_id
    }
}

/// The registry's address that the command line names, if it does.
pub(super) fn registry_of(args: &SourceArgs) -> Result<Option<Address>, Failure> {
    let registry = args.registry.as_deref();
    registry.map(|text| input::address(text, "--registry")).transpose()
}
