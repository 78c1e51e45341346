//! Several nodes for one check: so many of them must agree on a final block and on the latest epoch in it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use shelfproof_base::web::parse_url;
use shelfproof_verifier::B256;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::chain::rpc::{FinalBlock, OnPause, RpcError, RpcSource};

use crate::args::Lang;
use crate::cause::Cause;
use crate::report::Failure;
use crate::sentences::Text;

/// How far the newest final block of one node may lie behind that of another where all must agree, seconds: over two
/// of the steps in which Ethereum's blocks become final.
const LAG_S: u64 = 900;

/// What one node says.
enum Said {
    /// Its newest final block.
    Final(Box<RpcSource>, FinalBlock),
    /// Nothing that can be used.
    Nothing(String),
}

/// A block, and the latest epoch in it.
type Statement = (FinalBlock, (u64, B256));

/// The name of the node at that place on the command line: its place and its host, since its address may contain an
/// access key.
pub(crate) fn name(place: usize, url: &str) -> String {
    let parsed = parse_url(url).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str());
    format!("node {} ({})", place + 1, host.unwrap_or("no address"))
}

/// Says on standard error that the node of that name asks for a pause, which may be long.
pub(crate) fn tell_pauses(name: String, lang: Lang) -> OnPause {
    Arc::new(move |pause| {
        let seconds = pause.as_secs();
        eprintln!(
            "{}",
            lang.fill(Text::NodePauses, &[("node", &name), ("seconds", &seconds)])
        );
    })
}

/// The nodes that agree, at least `needed` of them, each reading as of the block that they agree on.
///
/// That block is the newest one that is final at `needed` nodes. If some of the nodes say otherwise, a line on standard
/// error tells what each says.
pub(crate) async fn agree(
    nodes: Vec<(String, Result<RpcSource, RpcError>)>,
    needed: usize,
    lang: Lang,
) -> Result<Vec<RpcSource>, Failure> {
    let count = nodes.len();
    let mut said = Vec::new();
    for (name, source) in nodes {
        let heard = match source {
            Ok(source) => source.final_block().await.map(|at| Said::Final(Box::new(source), at)),
            Err(error) => Err(error),
        };
        said.push((name, heard.unwrap_or_else(|error| Said::Nothing(error.to_string()))));
    }
    let mut finals: Vec<FinalBlock> = said.iter().filter_map(|(_, said)| said.at()).collect();
    finals.sort_by_key(|at| std::cmp::Reverse(at.number));
    let (Some(newest), Some(common)) = (finals.first(), finals.get(needed - 1)) else {
        return Err(disagreement(needed, &words_of(&said, None)));
    };
    if needed == said.len() && newest.time_s.saturating_sub(common.time_s) > LAG_S {
        return Err(disagreement(needed, &words_of(&said, Some(newest.number))));
    }
    let mut agreeing: BTreeMap<Key, Vec<(RpcSource, Statement)>> = BTreeMap::new();
    let mut words = String::new();
    for (name, said) in said {
        match said.of_block(common.number).await {
            Ok((source, statement)) => {
                let (block, (number, hash)) = statement;
                let _ = write!(
                    words,
                    "; {name}: block {} is {}, epoch {number} is {hash}",
                    block.number, block.hash
                );
                let key = (block.hash, number, hash);
                agreeing.entry(key).or_default().push((source.named(&name), statement));
            }
            Err(why) => {
                let _ = write!(words, "; {name}: {why}");
            }
        }
    }
    let mut groups = agreeing.into_values().filter(|group| group.len() >= needed);
    let Some(agreed) = groups.next() else {
        return Err(disagreement(needed, &words));
    };
    if groups.next().is_some() {
        // One of the groups lies, and nothing says which.
        let why = format!("{needed} nodes agree, and as many others contradict them: give a larger --agree{words}");
        return Err(Failure::new(Cause::RpcDisagree, why));
    }
    if agreed.len() < count {
        let words = words.trim_start_matches("; ");
        eprintln!("{}", lang.fill(Text::NodesApart, &[("detail", &words)]));
    }
    let as_of = |(source, (at, latest)): (RpcSource, Statement)| source.as_of(at, latest);
    Ok(agreed.into_iter().map(as_of).collect())
}

/// What must be the same for two nodes to agree.
type Key = (B256, u64, B256);

impl Said {
    const fn at(&self) -> Option<FinalBlock> {
        match self {
            Self::Final(_, at) => Some(*at),
            Self::Nothing(_) => None,
        }
    }

    /// What the node says of that block, or why it says nothing.
    async fn of_block(self, number: u64) -> Result<(RpcSource, Statement), String> {
        let (source, at) = match self {
            Self::Final(source, at) => (*source, at),
            Self::Nothing(why) => return Err(why),
        };
        if at.number < number {
            return Err(format!(
                "it lags: its newest final block is {}, not {number}",
                at.number
            ));
        }
        let statement = async {
            let block = source.block(number).await?;
            Ok::<_, RpcError>((block, source.latest_epoch(&block).await?))
        };
        match statement.await {
            Ok(statement) => Ok((source, statement)),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn words_of(said: &[(String, Said)], newest: Option<u64>) -> String {
    let mut words = String::new();
    for (name, said) in said {
        let _ = match (said, newest) {
            (Said::Nothing(why), _) => write!(words, "; {name}: {why}"),
            (Said::Final(_, at), Some(newest)) if at.number < newest => {
                write!(
                    words,
                    "; {name}: it lags: its newest final block is {}, not {newest}",
                    at.number
                )
            }
            (Said::Final(_, at), _) => write!(words, "; {name}: its newest final block is {}", at.number),
        };
    }
    words
}

fn disagreement(needed: usize, words: &str) -> Failure {
    Failure::new(
        Cause::RpcDisagree,
        format!("{needed} nodes must agree, and they do not{words}"),
    )
}

/// Compares what two nodes that agree on the latest epoch say of everything else that a check needs.
pub(crate) fn compare(ours: &ChainView, other: &RpcSource, theirs: &ChainView) -> Result<(), Failure> {
    let of = |view: &ChainView| {
        let mut view = view.clone();
        // A node need not tell the blocks of epochs.
        view.epochs.values_mut().for_each(|epoch| epoch.block = None);
        view
    };
    if of(ours) == of(theirs) {
        return Ok(());
    }
    let differs = |number: &&u64| {
        let hash = |view: &ChainView| view.epochs.get(*number).map(|epoch| (epoch.hash, epoch.anchored_at_s));
        hash(ours) != hash(theirs)
    };
    let what = match ours.epochs.keys().chain(theirs.epochs.keys()).find(differs) {
        Some(number) => format!("epoch {number}"),
        None => "the merchant's keys".to_owned(),
    };
    Err(says_otherwise(other, &what))
}

/// The failure for a node that contradicts the nodes before it.
pub(crate) fn says_otherwise(other: &RpcSource, what: &str) -> Failure {
    let why = format!(
        "{} says otherwise of {what} than the nodes before it: one of them is wrong",
        other.name()
    );
    Failure::new(Cause::RpcDisagree, why)
}
