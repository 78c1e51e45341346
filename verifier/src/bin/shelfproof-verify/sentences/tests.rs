use std::collections::BTreeSet;

use shelfproof_verifier::Code;
use shelfproof_verifier::breach::Rule;

use super::*;

const STATES_OF_A_BUYER: [Kind; 5] = [Kind::Sold, Kind::Redeemed, Kind::Refunded, Kind::Disputed, Kind::Upheld];

const LANGS: [Lang; 2] = [Lang::En, Lang::Zh];

const WHOSE: [Whose; 3] = [Whose::Unchecked, Whose::Secret, Whose::Yours];

fn groups() -> [(&'static str, &'static Group); 8] {
    let Sentences {
        codes,
        rules,
        surroundings,
        states,
        receipts,
        kinds,
        not_proved,
        texts,
        ..
    } = &*SENTENCES;
    [
        ("codes", codes),
        ("rules", rules),
        ("surroundings", surroundings),
        ("states", states),
        ("receipts", receipts),
        ("kinds", kinds),
        ("not_proved", not_proved),
        ("texts", texts),
    ]
}

fn names(of: impl IntoIterator<Item = &'static str>) -> BTreeSet<String> {
    of.into_iter().map(str::to_owned).collect()
}

/// What the program looks up in each group.
fn looked_up(group: &str) -> BTreeSet<String> {
    let terms = TermsOpen {
        product: true,
        price: true,
        currency: true,
    };
    match group {
        "codes" => names(Code::ALL.map(Code::as_str)),
        "rules" => names(Rule::ALL.map(Rule::as_str)),
        "surroundings" => names(Cause::AROUND.map(Cause::code)),
        "states" => {
            let mut states = names(Kind::ALL.map(Kind::name));
            states.extend(STATES_OF_A_BUYER.map(|kind| format!("{}_yours", kind.name())));
            states.extend(STATES_OF_A_BUYER.map(|kind| format!("{}_secret", kind.name())));
            states.insert("absent".to_owned());
            states
        }
        "receipts" => names(["terms_open", "yours", "secret", "unclaimed", "met", "late", "pending"]),
        "kinds" => names(Kind::ALL.map(Kind::name)),
        "not_proved" => names(
            [
                NotProved::Anything,
                NotProved::CodeWorks,
                NotProved::SoldElsewhere,
                NotProved::LookAlikes,
                NotProved::WhoseSale,
                NotProved::SecretAlone,
                NotProved::NoReceipt,
                NotProved::Terms(terms),
                NotProved::NodeBelieved,
                NotProved::FileBelieved,
                NotProved::Audit,
                NotProved::BeforeAudit,
                NotProved::AuditorBelieved,
                NotProved::AttestationBelieved,
                NotProved::UnloggedSales,
                NotProved::Future,
                NotProved::ShopsWord,
            ]
            .map(NotProved::name),
        ),
        "texts" => names(Text::ALL.iter().map(|text| text.name())),
        _ => BTreeSet::new(),
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .map(|after| after.split_once('}').expect("a brace that is not closed").0)
        .collect()
}

#[test]
fn the_file_holds_every_text_that_is_looked_up_and_no_other() {
    assert_eq!(SENTENCES.format, "shelfproof-sentences-v1");
    for (name, group) in groups() {
        let held: BTreeSet<String> = group.keys().map(|key| (*key).to_owned()).collect();
        assert_eq!(held, looked_up(name), "{name}");
    }
}

#[test]
fn both_languages_have_a_text_and_the_same_placeholders() {
    for (group, pairs) in groups() {
        for (name, Pair { en, zh }) in pairs {
            assert!(!en.is_empty() && !zh.is_empty(), "{group}.{name}");
            assert_eq!(placeholders(en), placeholders(zh), "{group}.{name}");
            assert!(en.is_ascii(), "{group}.{name}: {en}");
        }
    }
}

#[test]
fn every_outcome_has_one_sentence_of_its_own_in_both_languages() {
    let causes: Vec<Cause> = Code::ALL
        .map(Cause::Check)
        .into_iter()
        .chain(Rule::ALL.map(Cause::Breach))
        .chain(Cause::AROUND)
        .collect();
    for lang in LANGS {
        let of_causes = causes.iter().map(|cause| of_cause(*cause, lang));
        let states = std::iter::once(None).chain(Kind::ALL.map(Some));
        let of_states = states.flat_map(|state| WHOSE.map(|whose| of_state(state, whose, lang)));
        for sentence in of_causes.clone().chain(of_states) {
            let stop = match lang {
                Lang::En => ".",
                Lang::Zh => "。",
            };
            assert!(sentence.ends_with(stop), "{sentence}");
            assert_eq!(sentence.matches(stop).count(), 1, "one sentence: {sentence}");
            assert_eq!(sentence.is_ascii(), lang == Lang::En, "{sentence}");
        }
        assert_eq!(
            of_causes.collect::<BTreeSet<_>>().len(),
            causes.len(),
            "two causes share a sentence"
        );
    }
}

#[test]
fn only_a_sale_to_the_asker_is_called_usable() {
    for state in std::iter::once(None).chain(Kind::ALL.map(Some)) {
        for whose in WHOSE {
            let usable = of_state(state, whose, Lang::En).contains("it is yours to use");
            assert_eq!(
                usable,
                state == Some(Kind::Sold) && whose == Whose::Yours,
                "{state:?} {whose:?}"
            );
        }
    }
}

#[test]
fn a_sale_that_is_the_askers_has_a_sentence_of_its_own() {
    for state in Kind::ALL {
        for lang in LANGS {
            let sentences: BTreeSet<&str> = WHOSE.map(|whose| of_state(Some(state), whose, lang)).into();
            let expected = if STATES_OF_A_BUYER.contains(&state) { 3 } else { 1 };
            assert_eq!(sentences.len(), expected, "{state:?}");
            let of_secret = of_state(Some(state), Whose::Secret, lang);
            let said = match lang {
                Lang::En => "to whoever knows this secret",
                Lang::Zh => "知道这个密钥的人",
            };
            assert_eq!(of_secret.contains(said), expected == 3, "{of_secret}");
        }
    }
}

#[test]
fn refusals_and_doubts_end_with_their_own_status() {
    for code in Code::ALL {
        assert_eq!(Cause::Check(code).exit(), code.exit());
        assert_eq!(Cause::Check(code).code(), code.as_str());
    }
    for rule in Rule::ALL {
        assert_eq!(
            (Cause::Breach(rule).exit(), Cause::Breach(rule).code()),
            (1, rule.as_str())
        );
    }
    for cause in Cause::AROUND {
        let refused = matches!(cause, Cause::PinChanged | Cause::Equivocation);
        assert_eq!(cause.exit(), if refused { 1 } else { 2 }, "{}", cause.code());
    }
}

#[test]
fn values_take_the_places_of_their_names() {
    let filled = fill("{a} of {b}, {a}; {c}", &[("a", &1), ("b", &"{a}")]);
    assert_eq!(filled, "1 of {a}, 1; {c}");
    assert_eq!(fill("open {", &[]), "open {");
}
