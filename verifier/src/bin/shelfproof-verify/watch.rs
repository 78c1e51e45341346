//! `watch`: follows one's own keys. Each look audits what the shop anchored since the last one, with its deltas: that
//! proves the history of every key in each new epoch, so that only the events of one's own keys need to be looked for in
//! it. A receipt whose sale is not in the log yet is looked for until it is, or due.

mod own;
mod state;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::{B256, Code, Refusal};

use crate::args::{AttestArgs, AuditArgs, Lang, WatchArgs};
use crate::audit::record;
use crate::audit::{self, Watched};
use crate::cause::{Cause, REFUSED};
use crate::context::Context;
use crate::input::Inputs;
use crate::others::Others;
use crate::report::{Failure, Report, Tone};
use crate::sentences::{self, NotProved, Text};
use crate::source::Online;
use crate::{facts, seen, text, time};

use own::{Own, Promised};
use state::{Followed, State};

const DAY_S: u64 = 86_400;

/// Looks once, or until something is refused.
pub(crate) fn run(args: &WatchArgs, context: &Context) -> Result<Report, Failure> {
    let own = Own::read(args, &mut Inputs::default())?;
    let watch = Watch {
        args,
        context,
        own: &own,
    };
    if args.once {
        return watch.look();
    }
    let mut told = Told::default();
    loop {
        let answer = watch.look();
        if answer.as_ref().is_err_and(|failure| failure.cause.exit() == REFUSED) {
            return answer;
        }
        told.tell(&answer, context, time::now_s());
        thread::sleep(Duration::from_secs(args.every));
    }
}

/// What was printed today.
#[derive(Debug, Default)]
struct Told {
    day: Option<u64>,
    trouble: Option<&'static str>,
}

impl Told {
    /// Prints one line a day, and whatever is new: what happened to a key, a receipt that is late, other trouble.
    fn tell(&mut self, answer: &Result<Report, Failure>, context: &Context, now_s: u64) {
        let day = now_s / DAY_S;
        let trouble = answer.as_ref().err().map(|failure| failure.cause.code());
        let json = answer
            .as_ref()
            .map_or_else(|failure| &failure.json, |report| &report.json);
        let news = json.get("news").and_then(Value::as_array);
        let news = news.is_some_and(|news| !news.is_empty());
        if self.day == Some(day) && self.trouble == trouble && !news {
            return;
        }
        (self.day, self.trouble) = (Some(day), trouble);
        if context.json() {
            context.print(answer);
            return;
        }
        let now = time::utc(now_s);
        let lines: Vec<String> = match answer {
            Err(failure) => vec![format!("{}: {}", failure.cause.code(), failure.detail)],
            Ok(report) => report.warnings.iter().chain([&report.sentence]).cloned().collect(),
        };
        for line in lines {
            // A closed standard output is not an error.
            let _ = writeln!(io::stdout(), "{now}  {}", text::printable(&line));
        }
    }
}

struct Watch<'a> {
    args: &'a WatchArgs,
    context: &'a Context,
    own: &'a Own,
}

/// What one look found.
#[derive(Default)]
struct Look {
    /// What happened to the keys since the last look.
    news: Vec<String>,
    receipts: Vec<(String, Status)>,
    as_of_s: u64,
    /// The first failure that left something open.
    trouble: Option<Failure>,
}

impl Look {
    /// Passes a refusal on. What leaves something open does not hide what the rest of the look finds.
    fn end(&mut self, part: Result<(), Failure>) -> Result<(), Failure> {
        match part {
            Err(failure) if failure.cause.exit() != REFUSED => {
                self.trouble.get_or_insert(failure);
                Ok(())
            }
            part => part,
        }
    }

    /// The failure of a look that left something open, with the news that are not told again.
    fn failure(&self, trouble: Failure) -> Failure {
        let mut told = vec![trouble.detail];
        told.extend_from_slice(&self.news);
        let detail = told.join("; ");
        Failure { detail, ..trouble }.with("news", json!(self.news))
    }
}

impl Watch<'_> {
    fn look(&self) -> Result<Report, Failure> {
        let online = self.own.open(self.args, self.context)?;
        let identity = online.source.identity();
        let folder = record::folder(self.args.state.as_deref(), &identity)?;
        // Two runs with one folder look one after the other, so that neither loses what the other followed.
        let _held = seen::lock(&folder)?;
        let mut state = State::read(&folder)?;
        let mut look = Look {
            as_of_s: online.at.time_s,
            ..Look::default()
        };
        let shown = self.check(&state, &online, &mut look)?;
        if let Some(since) = self.since(&state, &folder, &identity) {
            let keys: BTreeSet<_> = self.own.keys().map(|key| key.bundle.key_id).collect();
            let watched = audit::watch(&self.audit_args(since), &online, self.context, &keys);
            self.follow(&mut state, &watched, &shown, &mut look);
            look.end(watched.end)?;
            self.open_transfers(&state, &mut look)?;
        }
        record::refuse_known(&folder, &identity)?;
        for promised in self.own.promised() {
            let end = self.promise(promised, &online, &mut state, &mut look);
            look.end(end)?;
        }
        // A crash before this line repeats the look, and tells the same again.
        state.write(&folder)?;
        match look.trouble.take() {
            Some(trouble) => Err(look.failure(trouble)),
            None => Ok(self.report(&state, &look)),
        }
    }

    /// Checks the proofs of keys that are new, and of those with a transfer of which the other side was not shown. Returns
    /// the keys whose proofs hold. A transfer whose other side is still not shown leaves only that open: all else of the
    /// proof was checked before it.
    fn check(&self, state: &State, online: &Online, look: &mut Look) -> Result<BTreeSet<B256>, Failure> {
        let mut shown = BTreeSet::new();
        let followed = |key: &own::Key| state.keys.get(&key.bundle.key_id);
        let is_open = |key: &&own::Key| followed(key).is_none_or(|followed| followed.transfer > 0);
        let open: Vec<&own::Key> = self.own.keys().filter(is_open).collect();
        let others = if open.iter().any(|key| Followed::of_bundle(&key.bundle).transfer > 0) {
            self.others()
                .or_else(|failure| look.end(Err(failure)).map(|()| Others::default()))?
        } else {
            Others::default()
        };
        for key in open {
            match self.own.check(key, online, &others) {
                Ok(()) => {
                    shown.insert(key.bundle.key_id);
                }
                Err(failure) if failure.cause == Cause::Check(Code::TransferUnverified) => look.end(Err(failure))?,
                Err(failure) => return Err(failure),
            }
        }
        Ok(shown)
    }

    fn others(&self) -> Result<Others, Failure> {
        let names = self.context.names();
        Others::read(&self.args.others, &self.args.source, &names, &mut Inputs::default())
    }

    /// Says of which keys a transfer has only one side shown.
    fn open_transfers(&self, state: &State, look: &mut Look) -> Result<(), Failure> {
        for key in self.own.keys() {
            let transfer = state
                .keys
                .get(&key.bundle.key_id)
                .map_or(0, |followed| followed.transfer);
            if transfer > 0 {
                let why = format!(
                    "{}: version {transfer} is a transfer, of which the proofs do not show the other side; a proof up to \
                     that version is needed from both shops",
                    key.name
                );
                look.end(Err(Refusal::new(Code::TransferUnverified, why).into()))?;
            }
        }
        Ok(())
    }

    /// The epoch after which to audit, the least of all keys: that to which a key was followed, if the audits since its
    /// sale go so far, and the one before its sale otherwise. Of a newer proof than that which was followed, nothing is
    /// left out. `None` if there is no key.
    fn since(&self, state: &State, folder: &Path, identity: &Identity) -> Option<u64> {
        let of_key = |key: &own::Key| {
            let start = key.start();
            let followed = state.keys.get(&key.bundle.key_id).map(|followed| followed.to);
            match followed {
                Some(to) if to > start && record::is_covered(folder, identity, start + 1, to) => to,
                Some(to) => start.min(to),
                None => start,
            }
        };
        self.own.keys().map(of_key).min()
    }

    fn audit_args(&self, since: u64) -> AuditArgs {
        AuditArgs {
            source: self.args.source.clone(),
            data: self.args.data.clone(),
            since: Some(since),
            state: self.args.state.clone(),
            from_block: self.args.from_block,
            evidence: self.args.evidence.clone(),
            report: None,
            auditor: None,
            attest: AttestArgs::default(),
        }
    }

    /// Takes what happened to the keys into the state. The proofs of the keys in `shown` hold, with all their transfers.
    fn follow(&self, state: &mut State, watched: &Watched, shown: &BTreeSet<B256>, look: &mut Look) {
        let lang = self.context.lang();
        for key in self.own.keys() {
            let id = key.bundle.key_id;
            let proved = Followed::of_bundle(&key.bundle);
            let mut followed = state.keys.get(&id).copied().unwrap_or(proved);
            if shown.contains(&id) && followed.transfer <= proved.version {
                followed.transfer = 0;
            }
            for kept in watched.events.iter().filter(|kept| kept.event.key_id == id) {
                if kept.event.version <= followed.version {
                    continue;
                }
                followed = followed.and(kept);
                look.news.push(followed.in_words(Text::WatchNews, &key.name, lang));
            }
            followed.to = followed.to.max(watched.to);
            state.keys.insert(id, followed);
        }
    }

    /// What became of a receipt's promise, which is looked for until the sale is found.
    fn promise(&self, promised: &Promised, online: &Online, state: &mut State, look: &mut Look) -> Result<(), Failure> {
        let hash = promised.receipt.promise.event.hash();
        let status = match state.kept.get(&hash) {
            Some(true) => Status::Late,
            Some(false) => Status::Met,
            None => {
                let status = self.own.due(promised, online, &self.args.data)?;
                if status == Status::Late {
                    let sentence = sentences::of_receipt(status.as_str(), self.context.lang());
                    look.news.push(format!("{}: {sentence}", promised.name));
                }
                if status != Status::Pending {
                    state.kept.insert(hash, status == Status::Late);
                }
                status
            }
        };
        look.receipts.push((promised.name.clone(), status));
        Ok(())
    }

    fn report(&self, state: &State, look: &Look) -> Report {
        let lang = self.context.lang();
        let count = self.own.keys().count();
        let to = |key: &own::Key| state.keys.get(&key.bundle.key_id).map(|followed| followed.to);
        let epoch = self.own.keys().filter_map(to).min().unwrap_or_default();
        let mut facts = Vec::new();
        let mut keys = Vec::new();
        for key in self.own.keys() {
            let id = key.bundle.key_id;
            let followed = state.keys.get(&id).copied().unwrap_or_default();
            facts.push((
                lang.text(Text::KeyLabel),
                followed.in_words(Text::WatchKey, &key.name, lang),
            ));
            keys.push(json!({"file": key.name, "keyId": id, "state": followed.name(), "version": followed.version}));
        }
        let mut receipts = Vec::new();
        for (name, status) in &look.receipts {
            let line = format!("{name}: {}", sentences::of_receipt(status.as_str(), lang));
            facts.push((lang.text(Text::ReceiptLabel), line));
            receipts.push(json!({"file": name, "status": status.as_str()}));
        }
        let mut warnings = look.news.clone();
        warnings.extend(facts::chain_behind(look.as_of_s, lang));
        let values: [(&str, &dyn Display); 3] =
            [("keys", &count), ("epoch", &epoch), ("time", &time::utc(look.as_of_s))];
        Report {
            verdict: format!("holds {count} keys"),
            tone: Tone::Good,
            sentence: lang.fill(Text::WatchedWell, &values),
            warnings,
            facts,
            not_proved: [&NotProved::AFTER_AUDIT[..], &[NotProved::BeforeAudit]].concat(),
            json: Map::from_iter([
                ("epoch".to_owned(), json!(epoch)),
                ("keys".to_owned(), Value::from(keys)),
                ("receipts".to_owned(), Value::from(receipts)),
                ("news".to_owned(), json!(look.news)),
                ("asOf".to_owned(), json!(look.as_of_s)),
            ]),
            ..Report::default()
        }
    }
}

/// A kind of event in words; its number if the protocol does not have it.
fn kind_in_words(number: u8, lang: Lang) -> String {
    Kind::from_number(number).map_or_else(|| number.to_string(), |kind| sentences::kind(kind, lang).to_owned())
}
