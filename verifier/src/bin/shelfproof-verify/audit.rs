//! `audit`: replays what a shop anchored, from the chain and its published data: everything, with a history map on disk
//! (`full`), or what came since one epoch, with the shop's deltas (`light`).

pub(crate) mod data;
mod evidence;
mod full;
mod light;
mod progress;
pub(crate) mod record;
pub(crate) mod search;

use shelfproof_verifier::audit::{Breach, WITHHELD_AFTER_S};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::FinalBlock;
use shelfproof_verifier::published::{Data, Missing};
use shelfproof_verifier::{B256, Code, Refusal};

use crate::args::{AuditArgs, Lang};
use crate::cause::Cause;
use crate::context::Context;
use crate::report::{Failure, Report};
use crate::source::Online;
use crate::store;

use record::AuditRecord;

/// Audits as the command line says.
pub(crate) fn run(args: &AuditArgs, context: &Context) -> Result<Report, Failure> {
    let data = data::open(&args.data)?;
    let online = Online::open(&args.source, &context.names())?;
    let at = online.runtime.block_on(async {
        let at = online.source.final_block().await?;
        online.source.vrf_public_key(&at).await?;
        Ok::<_, Failure>(at)
    })?;
    let audit = Audit {
        args,
        online: &online,
        data,
        at,
        lang: context.lang(),
        json: context.json(),
    };
    let answer = match args.since {
        None => full::run(&audit),
        Some(since) => light::run(&audit, since),
    };
    answer.map_err(Failure::naming_from_block)
}

/// What full and light audits share.
struct Audit<'a> {
    args: &'a AuditArgs,
    online: &'a Online,
    data: Data,
    at: FinalBlock,
    lang: Lang,
    json: bool,
}

/// The result of one epoch.
enum Step {
    /// It keeps the rules; the number of its events.
    Kept(usize),
    /// It breaks one; the data, if it matches its hash.
    Broken(Breach, Vec<u8>),
}

impl Audit<'_> {
    /// Reads an epoch's data, after comparing the epoch's parent; the breach if it is withheld.
    async fn fetch(&self, epoch: &AnchoredEpoch, parent: &B256) -> Result<Result<Vec<u8>, Breach>, Failure> {
        let header = &epoch.header;
        if header.parent != *parent {
            let why = format!(
                "epoch {} names {} as the epoch before, which is {parent}",
                header.number, header.parent
            );
            return Err(Refusal::new(Code::EpochUnknown, why).into());
        }
        match self.data.fetch(header).await {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(Missing::Answered(why)) if self.at.time_s.saturating_sub(epoch.anchored_at_s) > WITHHELD_AFTER_S => {
                let mut breach = Breach::withheld(header.number);
                breach.detail = format!("{} ({why})", breach.detail);
                Ok(Err(breach))
            }
            Err(missing) => Err(missing.into()),
        }
    }

    /// Writes the report and the evidence of a breach, and makes the failure.
    async fn broken(
        &self,
        record: AuditRecord,
        epoch: &AnchoredEpoch,
        breach: Breach,
        bytes: &[u8],
    ) -> Result<Failure, Failure> {
        self.write_report(record)?;
        let report = evidence::collect(self.online, &self.data, self.args.from_block, epoch, &breach, bytes).await;
        let evidence = report.to_json();
        let mut detail = breach.detail;
        if let Some(path) = &self.args.evidence {
            let text = serde_json::to_vec_pretty(&evidence).map_err(|error| store::failed(path, &error))?;
            store::replace(path, &text)?;
            detail = format!("{detail} (evidence: {})", path.display());
        }
        Ok(Failure::new(Cause::Breach(breach.rule), detail)
            .with("epoch", epoch.header.number)
            .with("evidence", evidence))
    }

    fn write_report(&self, record: AuditRecord) -> Result<(), Failure> {
        let Some(path) = &self.args.report else { return Ok(()) };
        record.by(self.args.auditor.clone()).write(path)
    }
}
