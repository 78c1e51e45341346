//! Quoting for a POSIX shell, in commands that are printed for people to run.

/// `text` as one word of a shell, quoted where needed.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let plain = "/srv/shop-1/shelfproof.toml";
        assert_eq!(quoted(plain), plain);
        for text in [
            "",
            "a b",
            "it's",
            "$HOME `id` \\ \"",
            "*",
            "-n",
            "''",
            "两 行\n",
            "~root",
            "a;b&c|d",
        ] {
            let printed = Command::new("sh")
                .args(["-c", &format!("printf '%s.' {}", quoted(text))])
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8(printed.stdout).unwrap(),
                format!("{text}."),
                "{text:?}"
            );
        }
    }
}
