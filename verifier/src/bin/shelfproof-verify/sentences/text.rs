//! Labels and lines by name.

macro_rules! texts {
    ($($name:ident = $key:literal,)*) => {
        /// A text of the group `texts`, found in the file by its name.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Text {
            $($name,)*
        }

        impl Text {
            /// Only for tests, so that the compiler finds a text that nothing prints.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }
    };
}

texts! {
    Proved = "proved",
    Refused = "refused",
    CannotTell = "cannot_tell",
    Warning = "warning",
    Detail = "detail",
    NotProved = "not_proved",
    TermProduct = "term_product",
    TermPrice = "term_price",
    TermCurrency = "term_currency",
    TermSeparator = "term_separator",
    ChainBehind = "chain_behind",
    AuditUnreadable = "audit_unreadable",
    AuditFoundBreach = "audit_found_breach",
    AuditOfOtherHistory = "audit_of_other_history",
    SoldLate = "sold_late",
    StateLabel = "state_label",
    StateSince = "state_since",
    EntryLabel = "entry_label",
    EntryInBlock = "entry_in_block",
    Entry = "entry",
    SaleLabel = "sale_label",
    SaleYours = "sale_yours",
    SaleUnchecked = "sale_unchecked",
    UseLabel = "use_label",
    UsedWithSecret = "used_with_secret",
    ReceiptLabel = "receipt_label",
    ReceiptMet = "receipt_met",
    ReceiptLate = "receipt_late",
    ReceiptPending = "receipt_pending",
    HistoryLabel = "history_label",
    HistoryLatest = "history_latest",
    HistorySuperseded = "history_superseded",
    AuditLabel = "audit_label",
    AuditUnknown = "audit_unknown",
    AuditOwn = "audit_own",
    AuditBy = "audit_by",
    AuditorUnnamed = "auditor_unnamed",
    AuditCovers = "audit_covers",
    AuditEndsBefore = "audit_ends_before",
    AuditBeginsAfter = "audit_begins_after",
    AuditBroken = "audit_broken",
    AuditIgnored = "audit_ignored",
    AuditAhead = "audit_ahead",
    ShopLabel = "shop_label",
    Shop = "shop",
    HeadVersion = "head_version",
    HeadDate = "head_date",
    HeadEvent = "head_event",
    HeadEpoch = "head_epoch",
    HeadBlock = "head_block",
    HeadAnchored = "head_anchored",
    NoEvents = "no_events",
    BodyWithheld = "body_withheld",
    PurchaseLabel = "purchase_label",
    PurchaseYours = "purchase_yours",
    PurchaseUnchecked = "purchase_unchecked",
    TermsLabel = "terms_label",
    SignerLabel = "signer_label",
    PromiseLabel = "promise_label",
    PromiseOpen = "promise_open",
    ChainLabel = "chain_label",
    NothingAnchored = "nothing_anchored",
    AllKept = "all_kept",
    KeptSince = "kept_since",
    NothingSince = "nothing_since",
    AuditedLabel = "audited_label",
    Audited = "audited",
    AuditedSince = "audited_since",
    ReplayedLabel = "replayed_label",
    Replayed = "replayed",
    NothingNew = "nothing_new",
    KeysLabel = "keys_label",
    LastHashLabel = "last_hash_label",
    FolderLabel = "folder_label",
    ProgressUnit = "progress_unit",
    Progress = "progress",
    EpochsWritten = "epochs_written",
    EpochsLabel = "epochs_label",
    AsOfLabel = "as_of_label",
    PinnedBefore = "pinned_before",
    PinnedNow = "pinned_now",
    NonePinned = "none_pinned",
    SomePinned = "some_pinned",
    Unpinned = "unpinned",
    NameLabel = "name_label",
    ChainIdLabel = "chain_id_label",
    RegistryLabel = "registry_label",
    MerchantLabel = "merchant_label",
    PinnedAtLabel = "pinned_at_label",
    DataUriLabel = "data_uri_label",
}
