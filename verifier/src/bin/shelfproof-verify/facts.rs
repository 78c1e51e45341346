//! Lines that several commands show.

use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::chain::rpc::Retired;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::verdict::ReceiptOutcome;

use crate::args::Lang;
use crate::sentences::Text;
use crate::time;

/// How far the newest final block may be behind this machine's clock before there is a warning, seconds. Chains take up
/// to a quarter of an hour to make a block final.
const MAX_BEHIND_S: u64 = 3_600;

/// The merchant that a view is of.
pub(crate) fn merchant(view: &ChainView, lang: Lang) -> String {
    let identity = view.identity;
    lang.fill(
        Text::Shop,
        &[
            ("merchant", &identity.merchant_id),
            ("registry", &identity.registry),
            ("chain", &identity.chain_id),
        ],
    )
}

/// The warning that a merchant has ended its log. Whom it names as its successor is shown, and trusted by nobody
/// unasked.
pub(crate) fn retired(retired: &Retired, lang: Lang) -> String {
    match retired.successor {
        Some(successor) => lang.fill(Text::RetiredFor, &[("successor", &successor)]),
        None => lang.text(Text::Retired).to_owned(),
    }
}

/// Whether a receipt's promise was kept.
pub(crate) fn promise(receipt: &ReceiptOutcome, lang: Lang) -> String {
    let status = match receipt.status {
        Status::Met => Text::ReceiptMet,
        Status::Late => Text::ReceiptLate,
        Status::Pending => Text::ReceiptPending,
    };
    lang.fill(status, &[("time", &time::utc(receipt.anchor_by_s))])
}

/// The warning that the newest final block is old: a node that is behind, or is kept behind, does not show what
/// happened since.
pub(crate) fn chain_behind(as_of_s: u64, lang: Lang) -> Option<String> {
    if time::now_s().saturating_sub(as_of_s) <= MAX_BEHIND_S {
        return None;
    }
    Some(lang.fill(Text::ChainBehind, &[("time", &time::utc(as_of_s))]))
}
