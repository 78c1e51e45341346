//! What the demo prints: numbered acts and what each of them found, in English and in Chinese.

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use console::measure_text_width;

use super::acts::Serving;
use super::place::Place;

/// The longest line of wrapped text, in columns.
const LINE: usize = 100;

/// Prints to standard output. Clones share the number of the act and the flag that silences them.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    begun: Instant,
    is_chinese: bool,
    act: Arc<AtomicU32>,
    is_silent: Arc<AtomicBool>,
}

impl Printer {
    /// Prints the title.
    pub(super) fn new(begun: Instant, is_chinese: bool) -> Self {
        let printer = Self {
            begun,
            is_chinese,
            act: Arc::default(),
            is_silent: Arc::default(),
        };
        printer.line("Shelfproof: a shop for digital keys that proves what happened to each of them.");
        printer.line("卡密商店：每一张卡密发生过什么，都能向陌生人证明。");
        printer
    }

    /// Begins the next act.
    pub(super) fn act(&self, en: &str, zh: &str) {
        let act = self.act.fetch_add(1, Ordering::Relaxed) + 1;
        let seconds = self.begun.elapsed().as_secs();
        self.line(&format!("\n{act}. {en} · {zh}   [{seconds} s]"));
    }

    /// Prints a result, indented.
    pub(super) fn print(&self, text: &str) {
        for line in text.lines() {
            self.line(&format!("   {line}"));
        }
    }

    /// Whether long texts are printed in Chinese.
    pub(super) fn is_chinese(&self) -> bool {
        self.is_chinese
    }

    /// Prints a long text below the previous line, in lines that fit a terminal.
    pub(super) fn print_wrapped(&self, text: &str) {
        let mut line = String::new();
        // A word ends with a space. Between Chinese characters, a line may end anywhere.
        for word in text.split_inclusive(|letter: char| letter == ' ' || !letter.is_ascii()) {
            if measure_text_width(&line) + measure_text_width(word.trim_end()) > LINE {
                self.line(&format!("      {}", line.trim_end()));
                line.clear();
            }
            line += word;
        }
        self.line(&format!("      {}", line.trim_end()));
    }

    /// Prints that every act has passed.
    pub(super) fn end(&self) {
        let seconds = self.begun.elapsed().as_secs();
        self.line(&format!("\nAll of it held, in {seconds} s. 全部通过核验。"));
    }

    /// Stops all further output, because the demo is being ended.
    pub(super) fn silence(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    /// Prints suggestions to try while the demo serves.
    pub(super) fn print_invitation(&self, serving: &Serving, ready: &Path) {
        self.line(&serving.invitation(ready));
    }

    /// The text of an error: the act, what went wrong, and where the logs are.
    pub(super) fn failure(&self, place: &Place, error: &str) -> String {
        let act = self.act.load(Ordering::Relaxed);
        let logs = place.join("*.log");
        let logs = logs.display();
        format!(
            "act {act} failed: {error}\nWhat its programs said is in {logs}. 第 {act} 幕失败，各程序的日志见 {logs}。"
        )
    }

    fn line(&self, text: &str) {
        if !self.is_silent.load(Ordering::Relaxed) {
            // The demo continues when nobody reads its output any more.
            let _ = writeln!(stdout(), "{text}");
            let _ = stdout().flush();
        }
    }
}
