//! What the demo says while it plays: acts with a number, figures below them, in English and in Chinese.

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use console::measure_text_width;

use super::acts::Serving;
use super::place::Place;

/// Columns of a told line.
const LINE: usize = 100;

/// Says it on standard output.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    begun: Instant,
    is_chinese: bool,
    act: Arc<AtomicU32>,
    is_hushed: Arc<AtomicBool>,
}

impl Teller {
    /// The title.
    pub(super) fn new(begun: Instant, is_chinese: bool) -> Self {
        let teller = Self {
            begun,
            is_chinese,
            act: Arc::default(),
            is_hushed: Arc::default(),
        };
        teller.line("Shelfproof: a shop for digital keys that proves what happened to each of them.");
        teller.line("卡密商店：每一张卡密发生过什么，都能向陌生人证明。");
        teller
    }

    /// The next act begins.
    pub(super) fn act(&self, en: &str, zh: &str) {
        let act = self.act.fetch_add(1, Ordering::Relaxed) + 1;
        let seconds = self.begun.elapsed().as_secs();
        self.line(&format!("\n{act}. {en} · {zh}   [{seconds} s]"));
    }

    /// What was found.
    pub(super) fn say(&self, text: &str) {
        for line in text.lines() {
            self.line(&format!("   {line}"));
        }
    }

    /// Whether long texts are better told in Chinese, by the terminal's language.
    pub(super) fn is_chinese(&self) -> bool {
        self.is_chinese
    }

    /// A sentence or more, in lines that fit a terminal, below what was said before.
    pub(super) fn tell(&self, text: &str) {
        let mut line = String::new();
        // A word ends with a blank; between Chinese characters a line may end anywhere.
        for word in text.split_inclusive(|letter: char| letter == ' ' || !letter.is_ascii()) {
            if measure_text_width(&line) + measure_text_width(word.trim_end()) > LINE {
                self.line(&format!("      {}", line.trim_end()));
                line.clear();
            }
            line += word;
        }
        self.line(&format!("      {}", line.trim_end()));
    }

    /// The last act is over.
    pub(super) fn end(&self) {
        let seconds = self.begun.elapsed().as_secs();
        self.line(&format!("\nAll of it held, in {seconds} s. 全部通过核验。"));
    }

    /// From now on nothing more is said: the end is under way.
    pub(super) fn hush(&self) {
        self.is_hushed.store(true, Ordering::Relaxed);
    }

    /// What whoever watches can try now.
    pub(super) fn invite(&self, serving: &Serving, ready: &Path) {
        self.line(&serving.invitation(ready));
    }

    /// What went wrong, and where to read more.
    pub(super) fn blame(&self, place: &Place, error: &str) -> String {
        let act = self.act.load(Ordering::Relaxed);
        let logs = place.join("*.log");
        let logs = logs.display();
        format!(
            "act {act} failed: {error}\nWhat its programs said is in {logs}. 第 {act} 幕失败，各程序的日志见 {logs}。"
        )
    }

    fn line(&self, text: &str) {
        if !self.is_hushed.load(Ordering::Relaxed) {
            // A reader who went away ends no demo.
            let _ = writeln!(stdout(), "{text}");
            let _ = stdout().flush();
        }
    }
}
