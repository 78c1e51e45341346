//! What an answer does not prove. Every answer lists this.

use std::borrow::Cow;

use super::{SENTENCES, Text, fill, of};
use crate::args::Lang;

/// What an answer does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotProved {
    /// Anything more: the checks stopped at the first that failed.
    Anything,
    /// That the code works where it is redeemed.
    CodeWorks,
    /// That it is sold nowhere else.
    SoldElsewhere,
    /// That codes which look alike are not one to their issuer.
    LookAlikes,
    /// Whose the sale is.
    WhoseSale,
    /// That only one person knows the secret.
    SecretAlone,
    /// That the shop's promises were kept: the file holds none.
    NoReceipt,
    /// That the receipt's terms are those agreed to.
    Terms(TermsOpen),
    /// That the node's answers are true.
    NodeBelieved,
    /// That the file of trusted epochs is true, and what came after it.
    FileBelieved,
    /// That the rest of the shop's log keeps the rules.
    Audit,
    /// That what was anchored before a light audit keeps the rules.
    BeforeAudit,
    /// That the audit was made as its report says.
    AuditorBelieved,
    /// That the auditor did what it attested on the chain.
    AttestationBelieved,
    /// That every sale is in the log.
    UnloggedSales,
    /// That the sale will be in the log.
    Future,
    /// That the ids which the shop names are its own.
    ShopsWord,
}

impl NotProved {
    /// What no audit proves.
    pub(crate) const AFTER_AUDIT: [Self; 5] = [
        Self::UnloggedSales,
        Self::CodeWorks,
        Self::SoldElsewhere,
        Self::LookAlikes,
        Self::NodeBelieved,
    ];

    /// The name in the JSON answer, and in the file of sentences.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::CodeWorks => "code_works",
            Self::SoldElsewhere => "sold_elsewhere",
            Self::LookAlikes => "look_alikes",
            Self::WhoseSale => "whose_sale",
            Self::SecretAlone => "secret_alone",
            Self::NoReceipt => "no_receipt",
            Self::Terms(_) => "terms",
            Self::NodeBelieved => "node_believed",
            Self::FileBelieved => "file_believed",
            Self::Audit => "audit",
            Self::BeforeAudit => "before_audit",
            Self::AuditorBelieved => "auditor_believed",
            Self::AttestationBelieved => "attestation_believed",
            Self::UnloggedSales => "unlogged_sales",
            Self::Future => "future",
            Self::ShopsWord => "shops_word",
        }
    }

    /// For people.
    pub(crate) fn sentence(self, lang: Lang) -> Cow<'static, str> {
        let sentence = of(&SENTENCES.not_proved, self.name(), lang);
        match self {
            Self::Terms(open) => fill(sentence, &[("terms", &open.names(lang))]).into(),
            _ => sentence.into(),
        }
    }
}

/// Which terms of a receipt the user did not state, so that they were not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TermsOpen {
    /// What was bought.
    pub(crate) product: bool,
    /// For how much.
    pub(crate) price: bool,
    /// In which currency.
    pub(crate) currency: bool,
}

impl TermsOpen {
    /// Whether any was not compared.
    pub(crate) const fn any(self) -> bool {
        self.product || self.price || self.currency
    }

    fn names(self, lang: Lang) -> String {
        let names = [
            (self.product, Text::TermProduct),
            (self.price, Text::TermPrice),
            (self.currency, Text::TermCurrency),
        ];
        let open = names.into_iter().filter(|(open, _)| *open);
        let open: Vec<&str> = open.map(|(_, name)| lang.text(name)).collect();
        open.join(lang.text(Text::TermSeparator))
    }
}
