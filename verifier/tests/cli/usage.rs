//! The command line as people use it: files, standard input, languages, help, and mistakes.

use crate::run::{self, Cli, vectors};

#[test]
fn files_and_standard_input_are_read() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let (code_file, nonce_file) = (
        cli.write("code", &format!("{}\n", case.code)),
        cli.write("nonce", &format!("{nonce}\r\n")),
    );
    let tag_file = cli.write("tag", &format!("{tag}\n"));
    let bundle = cli.write("bundle.json", &case.bundle);
    let from_files = [
        "key",
        "--code-file",
        &code_file,
        "--nonce-file",
        &nonce_file,
        "--tag-file",
        &tag_file,
    ];
    let answer = cli
        .run(from_files)
        .args(["--bundle", &bundle])
        .offline(case)
        .json_only(0);
    assert_eq!(answer["yours"], true);

    for (option, file, input) in [
        ("--code-file", &code_file, case.code.as_str()),
        ("--nonce-file", &nonce_file, nonce),
        ("--tag-file", &tag_file, tag),
        ("--bundle", &bundle, case.bundle.as_str()),
    ] {
        let mut args: Vec<&str> = from_files.to_vec();
        args.extend(["--bundle", bundle.as_str()]);
        for arg in &mut args {
            if *arg == file {
                *arg = "-";
            }
        }
        let answer = cli.run(args).offline(case).stdin(input).json_only(0);
        assert_eq!(answer["yours"], true, "{option}");
    }

    // The secret itself, as a value and from a file, in upper case and without 0x.
    let secret = run::buyer_secret(nonce).trim_start_matches("0x").to_uppercase();
    let secret_file = cli.write("secret", &secret);
    for given in [["--secret", &secret], ["--secret-file", &secret_file]] {
        let run = cli.run(["key", "--code", &case.code]).args(given);
        let answer = run.bundle(case).offline(case).json_only(0);
        assert_eq!(answer["soldTo"], "whoever knows this secret", "{given:?}");
    }
}

#[test]
fn mistakes_of_use_are_told_and_never_repeat_a_secret() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let secret = run::buyer_secret(nonce);
    let code = case.code.as_str();
    let mistakes: &[(&str, &[&str])] = &[
        (
            "usage",
            &[
                "key", "--code", code, "--secret", &secret, "--nonce", nonce, "--tag", tag,
            ],
        ),
        ("usage", &["key", "--code", code, "--secret", &secret, "--tag", tag]),
        ("usage", &["key", "--code", code, "--nonce", nonce]),
        ("usage", &["key", "--code", code, "--tag", tag]),
        ("usage", &["key", "--code", code, "--code-file", "-"]),
        ("usage", &["key", "--code-file", "-", "--nonce-file", "-", "--tag", tag]),
        ("usage", &["key", code]),
        ("usage", &["key", "--code", code, "--unknown"]),
        ("usage", &["key", "--code", code, &secret]),
        ("usage", &["key", "--code", code, &format!("--secrt={secret}")]),
        ("usage", &["keys", code]),
        ("usage", &[code]),
        ("input", &["key", "--code", code, "--secret", &secret[..60]]),
        ("input", &["key", "--code", code, "--secret", &secret.replace('1', "g")]),
        ("input", &["key", "--code", code, "--nonce", &nonce[1..], "--tag", tag]),
        ("input", &["key", "--code", code, "--nonce", "", "--tag", tag]),
        ("input", &["key", "--code-file", "/nowhere/code"]),
        ("input", &["key", "--code-file", "/"]),
    ];
    for (expected, args) in mistakes {
        let answer = cli
            .run(args.iter().copied())
            .bundle(case)
            .offline(case)
            .stdin(code)
            .json_only(2);
        assert_eq!(answer["code"], *expected, "{args:?}: {answer}");
        let text = cli
            .run(args.iter().copied())
            .bundle(case)
            .offline(case)
            .stdin(code)
            .text(2);
        for (what, private) in [
            ("code", code),
            ("nonce", &nonce[2..]),
            ("tag", tag),
            ("secret", &secret[2..40]),
        ] {
            assert!(
                !text.contains(private) && !answer.to_string().contains(private),
                "{what} in {text}"
            );
        }
    }
}

#[test]
fn files_that_are_none_are_told() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let folder = cli.folder();
    let large = cli.write("large", &format!("{}{}", case.bundle, " ".repeat(2 << 20)));
    let trusted = cli.write("trusted.json", &case.trusted);
    for (bundle, exit, code) in [
        ("/nowhere/bundle.json", 2, "input"),
        (folder.as_str(), 2, "input"),
        (large.as_str(), 1, "malformed"),
        ("/dev/null", 1, "malformed"),
    ] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", bundle]);
        let answer = run.args(["--offline", "--trusted-epochs", &trusted]).json_only(exit);
        assert_eq!(answer["code"], code, "{bundle}: {answer}");
    }
    let bundle = cli.write("bundle.json", &case.bundle);
    for file in ["/nowhere/trusted.json", folder.as_str(), bundle.as_str()] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", &bundle]);
        assert_eq!(
            run.args(["--offline", "--trusted-epochs", file]).json_only(2)["code"],
            "input",
            "{file}"
        );
    }
    for options in [
        vec![],
        vec!["--offline"],
        vec!["--trusted-epochs", &trusted],
        vec!["--merchant", "nobody"],
    ] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", &bundle]);
        assert_eq!(run.args(&options).json_only(2)["code"], "usage", "{options:?}");
    }
}

#[test]
fn help_teaches_by_examples() {
    let cli = Cli::new();
    for command in [
        &[][..],
        &["key"],
        &["show"],
        &["receipt"],
        &["buyer"],
        &["audit"],
        &["watch"],
        &["evidence"],
        &["epochs"],
        &["trust"],
    ] {
        let text = cli.run(command.iter().copied().chain(["--help"])).text(0);
        assert!(
            text.contains("shelfproof-verify ") && text.len() > 400,
            "{command:?}: {text}"
        );
    }
    assert!(cli.run(["--version"]).text(0).starts_with("shelfproof-verify "));
}

#[test]
fn the_language_is_the_environments_unless_named() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    assert!(cli.key(case).env("LANG", "zh_CN.UTF-8").text(0).contains("没有证明"));
    assert!(
        cli.key(case)
            .env("LANG", "zh_CN.UTF-8")
            .env("LC_ALL", "C")
            .text(0)
            .contains("Not proved")
    );
    assert!(
        cli.key(case)
            .env("LANG", "zh_CN.UTF-8")
            .args(["--lang", "en"])
            .text(0)
            .contains("Not proved")
    );
}
