//! The text in a cheat's folder: what the operator did, and who detects it.

/// The description of a cheat, in English and in Chinese.
pub(super) struct Story {
    /// The name of the folder.
    pub(super) name: &'static str,
    /// The code with which the verifier reports it.
    pub(super) code: &'static str,
    /// What the operator did.
    pub(super) what: [&'static str; 2],
    /// Who detects it.
    pub(super) who: [&'static str; 2],
    /// Why it cannot be hidden.
    pub(super) why: [&'static str; 2],
}

impl Story {
    /// The exit status with that code. Of an unknown registry the verifier refuses nothing: it cannot tell.
    pub(super) fn exit(&self) -> i32 {
        if self.code == "registry_unknown" { 2 } else { 1 }
    }

    /// Formats the description, with instructions to repeat the check.
    pub(super) fn text(&self) -> String {
        let Self {
            name,
            code,
            what: [what, what_zh],
            who: [who, who_zh],
            why: [why, why_zh],
        } = self;
        format!(
            "{name}\n\n{what}\nWho notices: {who}, by {code}.\n{why}\n\
             See for yourself while the demo serves: sh command. What it said then is in verdict.\n\n\
             {what_zh}\n谁会发现：{who_zh}，依据 {code}。\n{why_zh}\n演示运行期间可亲自核验：sh command；当时的结论见 verdict。\n"
        )
    }
}
