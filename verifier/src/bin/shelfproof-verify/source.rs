//! The source of what the chain holds of the merchant that a command is about.

mod confirmed;
mod target;

use std::cell::RefCell;
use std::path::Path;

use shelfproof_base::client::HttpError;
use shelfproof_verifier::chain::rpc::{FinalBlock, Finality, Retired, RpcError, RpcSource};
use shelfproof_verifier::chain::trusted::{self, TrustedEpochs};
use shelfproof_verifier::chain::{ChainView, Identity, Needs};
use shelfproof_verifier::verdict::{STALE_AFTER_RPC_S, STALE_AFTER_S};
use shelfproof_verifier::{Address, B256, Code, Refusal};
use tokio::runtime::{Builder, Runtime};

use crate::args::SourceArgs;
use crate::cause::Cause;
use crate::input::Inputs;
use crate::nodes;
use crate::pins::Names;
use crate::report::Failure;
use crate::seen::Seen;
use crate::sentences::NotProved;

use self::target::Target;

/// A source of what the chain holds.
pub(crate) enum Source {
    /// A file of trusted epochs.
    Offline(Box<TrustedEpochs>),
    /// A node.
    Online(Box<Online>),
}

/// A node, and the runtime that drives its connection.
pub(crate) struct Online {
    /// Single-threaded, since there is one request at a time.
    pub(crate) runtime: Runtime,
    /// The node.
    pub(crate) source: RpcSource,
    /// The release of the registry that stands at its address.
    pub(crate) release: &'static str,
    /// The newest final block when the node was connected to: `source` reads as of it.
    pub(crate) at: FinalBlock,
    /// What this verifier has seen of the merchant.
    seen: RefCell<Seen>,
    /// Other nodes that agree with it, if the command line names several.
    others: Vec<RpcSource>,
}

impl Source {
    /// Opens the source that the command line names.
    pub(crate) fn open(args: &SourceArgs, names: &Names, inputs: &mut Inputs) -> Result<Self, Failure> {
        match &args.trusted_epochs {
            Some(path) => Self::open_file(args, names, path, inputs),
            None => Online::open(args, names).map(|online| Self::Online(Box::new(online))),
        }
    }

    fn open_file(args: &SourceArgs, names: &Names, path: &Path, inputs: &mut Inputs) -> Result<Self, Failure> {
        let file = read_trusted(path, "--trusted-epochs", inputs)?;
        let found = file.as_view().identity;
        // Every option that was given is compared, also if together they do not name a merchant.
        let chain_differs = args.chain_id.is_some_and(|chain_id| chain_id != found.chain_id);
        let registry_differs = target::registry_of(args)?.is_some_and(|registry| registry != found.registry);
        let merchant_differs = Target::find(args, names)?.is_some_and(|target| !target.is(&found));
        if chain_differs || registry_differs || merchant_differs {
            let why = "the file of trusted epochs is of another chain, registry or merchant";
            return Err(Refusal::new(Code::WrongMerchant, why).into());
        }
        Ok(Self::Offline(Box::new(file)))
    }

    /// The merchant.
    pub(crate) fn identity(&self) -> Identity {
        match self {
            Self::Offline(file) => file.as_view().identity,
            Self::Online(online) => online.source.identity(),
        }
    }

    /// The chain's view, with what `needs` names. `hints` are block numbers by epoch number, from bundles.
    pub(crate) fn view(
        &self,
        needs: &Needs,
        hints: impl IntoIterator<Item = (u64, u64)>,
    ) -> Result<ChainView, Failure> {
        match self {
            Self::Offline(file) => Ok(file.as_view().clone()),
            Self::Online(online) => online.view(needs, hints),
        }
    }

    /// Whether and for whom the merchant has ended its log. A file does not tell.
    pub(crate) fn retired(&self) -> Result<Option<Retired>, Failure> {
        match self {
            Self::Offline(_) => Ok(None),
            Self::Online(online) => Ok(online.runtime.block_on(online.source.retired())?),
        }
    }

    /// How long a superseded history counts if the command line does not say, seconds.
    pub(crate) const fn stale_after_s(&self) -> u64 {
        match self {
            Self::Offline(_) => STALE_AFTER_S,
            Self::Online(_) => STALE_AFTER_RPC_S,
        }
    }

    /// What is not proved because this source is trusted.
    pub(crate) const fn believed(&self) -> NotProved {
        match self {
            Self::Offline(_) => NotProved::FileBelieved,
            Self::Online(_) => NotProved::NodeBelieved,
        }
    }
}

impl Online {
    /// Connects to the node that the command line or the pin names.
    pub(crate) fn open(args: &SourceArgs, names: &Names) -> Result<Self, Failure> {
        if args.trusted_epochs.is_some() {
            return Err(Failure::usage(
                "this needs the chain itself: name a node with --rpc instead of --offline",
            ));
        }
        let target = Target::find(args, names)?.ok_or_else(|| {
            Failure::usage("name the merchant: --merchant with a pinned name, or --registry and --merchant with ids")
        })?;
        let finality = args.confirmations.map_or(Finality::Tag, Finality::Confirmations);
        let mut urls = args.nodes();
        if urls.is_empty() {
            urls.extend(target.rpc.clone());
        }
        match &urls[..] {
            [] => Err(Failure::usage("name a node of the chain with --rpc")),
            [rpc] if args.agree.is_none_or(|needed| needed == 1) => {
                let merchant = (target.registry, target.merchant_id);
                Self::connect(rpc, target.chain_id, merchant, finality, names)
            }
            _ => Self::connect_all(&urls, args.agree, &target, finality, names),
        }
    }

    /// Connects to several nodes, of which so many must agree.
    fn connect_all(
        urls: &[String],
        needed: Option<usize>,
        target: &Target,
        finality: Finality,
        names: &Names,
    ) -> Result<Self, Failure> {
        let needed = needed.unwrap_or(urls.len());
        if !(1..=urls.len()).contains(&needed) {
            let why = format!("--agree must be from 1 to {}, the number of --rpc", urls.len());
            return Err(Failure::usage(why));
        }
        let runtime = runtime()?;
        let mut agreeing = runtime.block_on(async {
            let mut all = Vec::new();
            for (place, url) in urls.iter().enumerate() {
                let merchant = (target.registry, target.merchant_id);
                let name = nodes::name(place, url);
                let on_pause = nodes::tell_pauses(name.clone(), names.lang());
                let source = RpcSource::connect_telling(url, target.chain_id, merchant, finality, on_pause).await;
                all.push((name, source));
            }
            nodes::agree(all, needed, names.lang()).await
        })?;
        let source = agreeing.remove(0);
        Self::with(runtime, source, agreeing, names)
    }

    /// Connects to a node, for a merchant given by its registry and its id there. What protocol section 5 puts before
    /// all checks is done here: the registry must be a release, and its history the one that this verifier saw before.
    pub(crate) fn connect(
        rpc: &str,
        chain_id: Option<u64>,
        merchant: (Address, B256),
        finality: Finality,
        names: &Names,
    ) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let on_pause = nodes::tell_pauses(nodes::name(0, rpc), names.lang());
        let source = RpcSource::connect_telling(rpc, chain_id, merchant, finality, on_pause);
        let source = runtime.block_on(source)?;
        Self::with(runtime, source, Vec::new(), names)
    }

    fn with(runtime: Runtime, source: RpcSource, others: Vec<RpcSource>, names: &Names) -> Result<Self, Failure> {
        let release = runtime.block_on(source.release())?;
        for other in &others {
            let theirs = runtime.block_on(other.release()).map_err(|error| other.blamed(error))?;
            if theirs != release {
                return Err(nodes::says_otherwise(other, "the registry's code"));
            }
        }
        let mut seen = names.seen(&source.identity())?;
        let (at, latest) = runtime.block_on(compare_newest(&source, &others, &mut seen))?;
        Ok(Self {
            runtime,
            // The node is asked once for both, and everything that a command reads is as of the same block.
            source: source.as_of(at, latest),
            release,
            at,
            seen: RefCell::new(seen),
            others,
        })
    }

    /// Asks the other nodes for an epoch of which one node alone says what the shop would be refused for: its hash, and
    /// its time if that matters. If they do not say the same, nothing of what was just seen is written down.
    pub(crate) async fn confirm(&self, number: u64, hash: B256, anchored_at_s: Option<u64>) -> Result<(), Failure> {
        let confirmed = confirm(&self.others, number, (hash, anchored_at_s), &self.at).await;
        if confirmed.is_err() {
            self.seen.borrow_mut().forget();
        }
        confirmed
    }

    /// Compares a final epoch with what this verifier saw before. [`keep_seen`](Self::keep_seen) writes it down.
    pub(crate) async fn see(&self, number: u64, hash: B256) -> Result<(), Failure> {
        let contradicts = self.seen.borrow().contradicts(number, hash);
        if contradicts {
            self.confirm(number, hash, None).await?;
        }
        self.seen.borrow_mut().compare(number, hash)
    }

    /// Writes down which epochs were seen.
    pub(crate) fn keep_seen(&self) -> Result<(), Failure> {
        self.seen.borrow_mut().keep()
    }

    /// Compares a view's epochs with what this verifier saw before, and writes them down.
    pub(crate) fn saw(&self, view: &ChainView) -> Result<(), Failure> {
        for (number, epoch) in &view.epochs {
            self.runtime.block_on(self.see(*number, epoch.hash))?;
        }
        self.keep_seen()
    }
}

/// Compares the newest final epochs with what was seen: the newest that the chain has now, and the newest of those seen
/// before. Each commits to all before it, so that a history which differs is found here, whatever a command reads of it
/// later. Returns the final block, and number and hash of the latest epoch in it.
async fn compare_newest(
    source: &RpcSource,
    others: &[RpcSource],
    seen: &mut Seen,
) -> Result<(FinalBlock, (u64, B256)), Failure> {
    let at = source.final_block().await?;
    match source.vrf_public_key().await {
        // There is no history. The command says so itself, after what it has to say about the user's files.
        Err(RpcError::NoContract | RpcError::NotRegistered) => return Ok((at, (0, B256::ZERO))),
        answer => answer?,
    };
    let (latest, hash) = source.latest_epoch(&at).await?;
    if let Some(number) = seen.newest_up_to(latest).filter(|number| *number < latest) {
        let (held, _) = source.epoch_up_to(latest, number, &at).await?;
        if seen.contradicts(number, held) {
            confirm(others, number, (held, None), &at).await?;
        }
        seen.compare(number, held)?;
    }
    if let Some((number, known)) = seen.newest().filter(|(number, _)| *number > latest) {
        // With more confirmations than before it may not be final again yet, but no node may lack it.
        let newest = source.newest_block().await?;
        if source.epoch(number, &newest).await?.0 != known {
            return Err(RpcError::Contradicts { number, latest }.into());
        }
    }
    if latest > 0 {
        seen.compare(latest, hash)?;
    }
    seen.keep()?;
    Ok((at, (latest, hash)))
}

/// Asks the other nodes for an epoch's hash, and its time if that is given.
async fn confirm(
    others: &[RpcSource],
    number: u64,
    (hash, anchored_at_s): (B256, Option<u64>),
    at: &FinalBlock,
) -> Result<(), Failure> {
    for other in others {
        let (theirs, at_s) = other.epoch(number, at).await.map_err(|error| other.blamed(error))?;
        if theirs != hash || anchored_at_s.is_some_and(|told| told != at_s) {
            return Err(nodes::says_otherwise(other, &format!("epoch {number}")));
        }
    }
    Ok(())
}

/// Refuses a file, named by `what`, of another merchant than the source's, before the node is asked about it.
pub(crate) fn check_merchant(what: &str, found: &Identity, expected: &Identity) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    let why = format!("the {what} is of another chain, registry or merchant");
    Err(Refusal::new(Code::WrongMerchant, why).into())
}

/// Makes the runtime that drives sockets. Offline runs never make one.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Cause::Storage, format!("no sockets here: {error}")))
}

/// Reads a file of trusted epochs. A malformed one is an error of input and no verdict, since the file is the user's
/// own.
pub(crate) fn read_trusted(path: &Path, option: &'static str, inputs: &mut Inputs) -> Result<TrustedEpochs, Failure> {
    let bytes = inputs.read(path, option, trusted::MAX_BYTES)?;
    TrustedEpochs::parse(&bytes).map_err(|refusal| Failure::new(Cause::Input, format!("{option}: {}", refusal.detail)))
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::new(cause_of(&error), error.to_string())
    }
}

fn cause_of(error: &RpcError) -> Cause {
    match error {
        RpcError::Http(HttpError::Url(_)) => Cause::Usage,
        RpcError::Http(HttpError::Client(_) | HttpError::Unreachable(_) | HttpError::TimedOut) => Cause::RpcUnreachable,
        RpcError::Http(
            HttpError::Private
            | HttpError::Plain
            | HttpError::Redirect(_)
            | HttpError::Status(_)
            | HttpError::Later(_)
            | HttpError::TooLarge { .. },
        )
        | RpcError::Refused { .. }
        | RpcError::Answer { .. }
        | RpcError::NoLogs { .. }
        | RpcError::Lags { .. }
        | RpcError::Contradicts { .. } => Cause::RpcAnswer,
        RpcError::Apart { .. } => Cause::RpcDisagree,
        RpcError::OfNode { error, .. } => cause_of(error),
        RpcError::WrongChain { .. } => Cause::WrongChain,
        RpcError::NoContract => Cause::NoContract,
        RpcError::RegistryUnknown { .. } => Cause::RegistryUnknown,
        RpcError::NotRegistered => Cause::NotRegistered,
        RpcError::NoFinalBlock => Cause::NoFinalBlock,
        RpcError::NoLog { .. } | RpcError::NoOldLogs | RpcError::SearchTooLong { .. } => Cause::LogNotFound,
    }
}
