//! Imports and batches through the API and on the command line.

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop};
use shelfproof_tests::vector_chain::block_on;

/// Sends a body over a connection of its own, because the node closes a connection whose body it does not read.
async fn send(shop: &TestShop, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
    let mut request = Request::post(path)
        .header("host", shop.address(0).to_string())
        .header("authorization", format!("Bearer {}", shop.admin));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body)))?;
    Ok(shop.client(&shop.admin)?.send(request).await?)
}

#[test]
fn a_body_is_a_file_and_nothing_else_and_what_is_open_is_asked() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    block_on(asks(&shop, &product))??;
    assert_eq!(shop.ask("SELECT count(*) FROM shop.batches")?, 1);
    shop.check()
}

async fn asks(shop: &TestShop, product: &str) -> Result<()> {
    let mut client = shop.client(&shop.admin)?;
    let path = format!("/api/v1/products/{product}/batches?name=b");
    for headers in [
        &[("content-type", "multipart/form-data; boundary=x")][..],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/json")],
        &[("content-type", "application/gzip")],
        &[("content-type", "text/html")],
        &[("content-type", "text/plain"), ("content-encoding", "gzip")],
    ] {
        for path in [path.as_str(), "/api/v1/batches/preview"] {
            let refused = send(shop, path, headers, b"AB-0001\n").await?.expect(415)?;
            assert_eq!(refused["code"], "unsupported_media_type", "{headers:?}");
            let detail = refused["detail"].as_str().unwrap_or_default();
            assert!(detail.contains("data-binary") && !detail.contains(" --"), "{detail}");
        }
    }
    let packed = send(shop, &path, &[("content-type", "text/plain")], b"\x1f\x8b\x08\x00rest").await?;
    assert_eq!(packed.status, 415);
    // A spreadsheet file is a zip archive, and needs another error message than other archives.
    for (media_type, status) in [
        ("text/plain", 400),
        ("application/octet-stream", 400),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 415),
    ] {
        let refused = send(shop, &path, &[("content-type", media_type)], b"PK\x03\x04\x14\x00rest").await?;
        let refused = refused.expect(status)?;
        let detail = refused["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains("CSV UTF-8") && !detail.contains("data-binary"),
            "{detail}"
        );
    }
    let json = client.post_file(&path, "[{\"code\": \"A-1\"}]").await?.expect(400)?;
    assert!(
        json["detail"].as_str().is_some_and(|detail| detail.contains("JSON")),
        "{json}"
    );

    let table = "code,hint\nABCD-0001,secret-1\nABCD-0002,secret-2\n";
    let asked = client.post_file(&path, table).await?.expect(400)?;
    assert_eq!(
        (&asked["code"], &asked["field"]),
        (&json!("invalid_field"), &json!("codeColumn")),
        "{asked}"
    );
    assert_eq!(asked["columns"].as_array().map(Vec::len), Some(2), "{asked}");
    assert!(!asked.to_string().contains("secret-1"), "{asked}");
    for (query, field, body) in [
        ("", "header", "Kartennummer\nAB-1\nAB-2\n"),
        ("", "separator", "a-----b\n"),
        ("", "format", "a b\n"),
        ("&header=maybe", "header", "A-1\n"),
        ("&separator=:&codeColumn=1", "separator", "a:b\n"),
    ] {
        let asked = client.post_file(&format!("{path}{query}"), body).await?.expect(400)?;
        assert_eq!(asked["field"], field, "{asked}");
    }
    let french = b"N\xb0;Cl\xe9 d'activation\n1;I37-0001\n";
    let asked = client.post_file(&path, french.as_slice()).await?.expect(400)?;
    assert_eq!(asked["field"], "encoding", "{asked}");
    assert_eq!(
        shop.ask("SELECT count(*) FROM shop.batches")?,
        0,
        "nothing was brought in"
    );

    let before = rows(shop)?;
    let told = client
        .post_file("/api/v1/batches/preview?codeColumn=1&extraColumns=2", table)
        .await?
        .expect(200)?;
    assert_eq!(
        (&told["codes"], &told["format"], &told["header"]),
        (&json!(2), &json!("csv"), &json!(true))
    );
    assert_eq!(told["columns"][1], json!({"number": 2, "use": "extra"}));
    assert!(!told.to_string().contains("0001"), "{told}");
    assert_eq!(rows(shop)?, before, "a preview changes nothing");

    withdraws(&mut client, &path, table).await?;
    names(&mut client).await
}

/// Returns the number of rows in each table that an import writes to.
fn rows(shop: &TestShop) -> Result<Vec<i64>> {
    let tables = [
        "shop.batches",
        "shop.keys",
        "shop.goods",
        "shop.refused_lines",
        "attest.events",
    ];
    let count = |table| shop.ask(&format!("SELECT count(*) FROM {table}"));
    tables.into_iter().map(count).collect()
}

async fn withdraws(client: &mut Client, path: &str, table: &'static str) -> Result<()> {
    let file = format!("{path}&codeColumn=1&extraColumns=2");
    let report = client.post_file(&file, table).await?.expect(200)?;
    let batch = format!("/api/v1/batches/{}", report["batch"].as_str().unwrap_or_default());
    let keys = client.get(&format!("{batch}/keys")).await?.expect(200)?;
    assert_eq!(keys["items"].as_array().map(Vec::len), Some(2), "{keys}");
    assert_eq!(keys["items"][0]["state"], "generated");
    let withdrawn = client.post(&format!("{batch}/withdraw"), "").await?.expect(200)?;
    assert_eq!(
        (&withdrawn["withdrawn"], &withdrawn["wasWithdrawn"]),
        (&json!(2), &json!(false))
    );
    client.post(&format!("{batch}/activate"), "").await?.expect(409)?;
    let shown = client.get(&batch).await?.expect(200)?;
    assert!(shown["withdrawnAt"].is_u64(), "{shown}");
    let again = client.post_file(&file, table).await?.expect(409)?;
    assert!(
        again["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("another name")),
        "{again}"
    );
    Ok(())
}

/// Names that look like others, and arrays in place of objects, are refused in every request body.
async fn names(client: &mut Client) -> Result<()> {
    for name in ["Month\u{200b}ly card", "\u{202e}drac"] {
        let product = json!({"name": name, "price": PRICE, "currency": CURRENCY}).to_string();
        let refused = client.post("/api/v1/products", product).await?.expect(400)?;
        assert_eq!(refused["field"], "/name", "{refused}");
        assert!(
            refused["detail"].as_str().is_some_and(|detail| detail.contains("(U+")),
            "{refused}"
        );
    }
    for (path, body) in [
        ("/api/v1/products", json!(["Card", PRICE, CURRENCY])),
        (
            "/api/v1/keys/0x0000000000000000000000000000000000000000000000000000000000000000/void",
            json!(["recalled"]),
        ),
    ] {
        let refused: Value = client.post(path, body.to_string()).await?.expect(400)?;
        assert_eq!(refused["detail"], "it must be an object, not an array", "{refused}");
    }
    Ok(())
}

#[test]
fn the_command_line_asks_previews_and_withdraws() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| -> Result<String> {
        let path = folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.to_str().ok_or("a path that is not UTF-8")?.to_owned())
    };
    let table = write("table.csv", "code,hint\nABCD-0001,secret-1\n")?;
    let asked = shop
        .cli
        .output(&["import", &table, "--product", &product, "--batch", "one"])?;
    let said = String::from_utf8(asked.stderr)?;
    assert_eq!(asked.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--code-column") && said.contains("column 2") && !said.contains("secret-1"),
        "{said}"
    );

    let columns = ["--code-column", "1", "--extra-column", "2"];
    let before = rows(&shop)?;
    let told = shop
        .cli
        .json(&[&["import", table.as_str(), "--preview"][..], &columns].concat())?;
    assert_eq!(told["codes"], 1, "{told}");
    assert_eq!(rows(&shop)?, before, "a preview changes nothing");
    let import = [
        "import",
        table.as_str(),
        "--product",
        product.as_str(),
        "--batch",
        "one",
    ];
    let report = shop.cli.json(&[&import[..], &columns].concat())?;
    let shown = shop.cli.json(&["admin", "batch", "show", "one"])?;
    assert_eq!((&shown["batch"], &shown["imported"]), (&report["batch"], &json!(1)));
    let listed = shop.cli.json(&["admin", "batch", "list", "--product", &product])?;
    assert_eq!(listed["items"][0], shown);
    let keys = shop.cli.json(&["admin", "batch", "keys", "one"])?;
    assert_eq!(keys["items"][0]["line"], 2);
    let withdrawn = shop.cli.run(&["admin", "batch", "withdraw", "one"])?;
    assert!(
        withdrawn.contains("was withdrawn: 1 keys") && withdrawn.contains("next, import the corrected file"),
        "{withdrawn}"
    );
    let again = shop.cli.run(&["admin", "batch", "void", "one"])?;
    assert!(again.contains("was withdrawn before: 1 keys"), "{again}");
    let keys = shop.cli.run(&["admin", "batch", "keys", "one"])?;
    assert!(keys.contains("withdrawn"), "{keys}");
    let again = shop.cli.run(&[
        "import",
        &table,
        "--product",
        &product,
        "--batch",
        "two",
        "--code-column",
        "code",
    ])?;
    assert!(again.contains("were those of a withdrawn batch"), "{again}");
    let nothing = write("nothing.txt", "N/A\nNULL\n")?;
    shop.cli.run(&[
        "import",
        &nothing,
        "--product",
        &product,
        "--batch",
        "three",
        "--format",
        "lines",
    ])?;
    let shown = shop.cli.run(&["admin", "batch", "show", "three"])?;
    assert!(shown.contains("nothing came in"), "{shown}");
    shop.check()
}
