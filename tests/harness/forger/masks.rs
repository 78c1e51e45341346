//! Two changes at once. A check that would leave the question open must not hide one that refuses, and a later check
//! must not hide an earlier one.

use alloy_primitives::B256;
use shelfproof_verifier::Code;
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Promise;

use super::bench::{Bench, Draft, SALE, flip};
use super::headers::FAR;

/// A change that makes the verifier answer with the code beside it.
type Lie = fn(&mut Draft);

/// Changes in the order of the checks that detect them. Each is combined with the next one, with the one after that,
/// and with all that follow.
const LIES: [(Code, Lie); 13] = [
    (Code::Malformed, |draft| {
        draft.bundle.history.proof.siblings.resize(257, B256::ZERO);
    }),
    (Code::CodeUnusual, |draft| draft.code.push('卡')),
    (Code::WrongMerchant, |draft| draft.bundle.identity.chain_id += 1),
    (Code::KeyId, |draft| draft.bundle.vrf_proof[79] ^= 1),
    (Code::EpochUnknown, |draft| {
        let number = draft.bundle.history.epoch;
        flip(&mut draft.header(number).data_hash);
    }),
    (Code::EpochNotFinal, |draft| {
        let header = Header {
            number: draft.bundle.history.epoch + FAR,
            ..draft.bundle.epochs[0].header
        };
        draft.bundle.epochs.push(ListedHeader { header, block: None });
    }),
    (Code::Inclusion, |draft| draft.bundle.events[SALE].event.at_ms += 1),
    (Code::VersionGap, |draft| draft.bundle.events.swap(0, 1)),
    (Code::HistoryRoot, |draft| draft.bundle.history.proof.terminal = None),
    (Code::Payload, |draft| {
        if let Some(opening) = &mut draft.receipt().opening {
            flip(&mut opening.salt);
        }
    }),
    (Code::BodyWithheld, |draft| draft.bundle.events[SALE].opening = None),
    (Code::ReceiptTerms, |draft| draft.receipt().event.kind = Kind::Redeemed),
    (Code::ReceiptSignature, |draft| draft.receipt().signature.fill(0)),
];

pub(super) fn forge(bench: &mut Bench<'_>) {
    for (at, (code, lie)) in LIES.iter().enumerate() {
        let name = |code: &Code| code.as_str().replace('_', "-");
        for (later, other) in LIES.iter().skip(at + 1).take(2) {
            bench.draft(&format!("{}-and-{}", name(code), name(later)), *code, |draft| {
                lie(draft);
                other(draft);
            });
        }
        let all = &LIES[at..];
        if all.len() > 2 {
            bench.draft(&format!("{}-and-all-that-follow", name(code)), *code, |draft| {
                for (_, lie) in all {
                    lie(draft);
                }
            });
        }
    }
    bench.draft("not-your-sale-and-receipt-terms", Code::NotYourSale, |draft| {
        flip(&mut draft.secret.nonce);
        draft.receipt().anchor_by_s = 0;
    });
    // The terms of all receipts are checked before any signature.
    bench.draft("receipt-signature-and-terms-of-the-next", Code::ReceiptTerms, |draft| {
        let honest = draft.receipt().clone();
        draft.receipt().signature.fill(0);
        draft.bundle.receipts.push(Promise {
            anchor_by_s: 0,
            ..honest
        });
    });
}
