//! `shelfproof dev`: it starts a complete shop that proves its sales, survives `kill -9`, and leaves no process or file
//! behind.

mod dev_shop;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use dev_shop::DevShop;
use shelfproof::dev::Folder;
use shelfproof_tests::child::{Server, Signal, below, command, is_running, send, wait_until_gone};
use shelfproof_tests::permit::{self, Permit};
use shelfproof_tests::{Result, tools};
use tempfile::TempDir;

/// How long the shop may take to start, or its children to end.
const BOUND: Duration = Duration::from_mins(2);

/// The built programs, and a folder for a shop.
struct Place {
    folder: TempDir,
    program: PathBuf,
    _permit: Permit,
}

impl Place {
    fn new() -> Result<Self> {
        // In the same folder, as when installed.
        tools::binary("shelfproof-anchor")?;
        Ok(Self {
            folder: tempfile::tempdir()?,
            program: tools::binary("shelfproof")?,
            _permit: permit::share(),
        })
    }

    fn shop(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.program, None, Signal::Terminate);
        command.args(arguments).current_dir(self.folder.path());
        // If anvil is not on PATH, the checkout's is used.
        if let Ok(anvil) = tools::foundry("anvil") {
            command.env("SHELFPROOF_ANVIL", anvil);
        }
        command
    }

    /// Starts the shop; returns its process and its address.
    fn start(&self, name: &str) -> Result<(Server, String)> {
        let command = self.command(&["dev", "--folder", "shop", "--listen", "127.0.0.1:0"]);
        let log = self.folder.path().join(name);
        let mut server = Server::start("shelfproof dev", command, Signal::Terminate, &log)?;
        let address = server.wait_for(BOUND, |log| {
            let (_, after) = log.split_once("listening on http://")?;
            Some(after.split_once('\n')?.0.to_owned())
        })?;
        Ok((server, address))
    }

    fn merchant(&self) -> Result<String> {
        let config = fs::read_to_string(self.shop().join("shelfproof.toml"))?;
        let line = config.lines().find(|line| line.starts_with("merchant_id"));
        Ok(line.ok_or("no merchant in the configuration")?.to_owned())
    }
}

impl Drop for Place {
    /// If the test runs as root, the shop's database is elsewhere on the machine and must be removed too.
    fn drop(&mut self) {
        if let Ok(folder) = Folder::take(&self.shop()) {
            let _ = folder.remove();
        }
    }
}

fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[test]
fn a_shop_survives_kill_9_with_its_merchant_and_its_stock_and_leaves_no_orphan() -> Result<()> {
    let place = Place::new()?;
    let (mut server, address) = place.start("first.log")?;
    assert!(get(&address, "/healthz")?.starts_with("HTTP/1.1 200"));
    let merchant = place.merchant()?;
    for secret in ["passphrase", "admin.key", "reseller.key", "shelfproof.toml"] {
        assert_eq!(mode(&place.shop().join(secret))?, 0o600, "{secret}");
    }
    for secret in ["passphrase", "admin.key", "reseller.key"] {
        let text = fs::read_to_string(place.shop().join(secret))?;
        assert!(!server.log().contains(text.trim_end()), "{secret} was printed");
    }
    // This request is refused, and therefore logged.
    assert!(get(&address, "/metrics")?.starts_with("HTTP/1.1 401"));
    assert!(
        !server.log().contains('\u{1b}'),
        "a file gets no colours: {}",
        server.log()
    );
    let token = fs::read_to_string(place.shop().join("admin.key"))?;

    let create = [
        "--config",
        "shop/shelfproof.toml",
        "admin",
        "product",
        "create",
        "--name",
        "Card",
        "--price",
        "1",
    ];
    let created = place.command(&create).args(["--currency", "CNY"]).output()?;
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));

    let children = below(server.pid());
    assert!(
        children.len() > 3,
        "PostgreSQL, anvil and the anchor have processes: {children:?}"
    );
    server.stop(Signal::Kill)?;

    // Started immediately: the new shop waits for the children of the old one.
    let (mut again, address) = place.start("second.log")?;
    wait_until_gone(&children)?;
    assert!(get(&address, "/healthz")?.starts_with("HTTP/1.1 200"));
    assert_eq!(place.merchant()?, merchant);
    assert_eq!(fs::read_to_string(place.shop().join("admin.key"))?, token);
    let show = ["--config", "shop/shelfproof.toml", "admin", "product", "show", "Card"];
    assert!(place.command(&show).output()?.status.success());

    let children = below(again.pid());
    again.stop(Signal::Terminate)?;
    assert!(children.iter().all(|pid| !is_running(*pid)), "{children:?}");
    Ok(())
}

#[test]
fn two_at_once_on_one_folder_are_refused_and_a_lost_chain_is_told() -> Result<()> {
    let place = Place::new()?;
    let (mut server, _) = place.start("first.log")?;
    let merchant = place.merchant()?;
    let second = place
        .command(&["dev", "--folder", "shop", "--listen", "127.0.0.1:0"])
        .output()?;
    let said = String::from_utf8(second.stderr)?;
    assert_eq!(second.status.code(), Some(1));
    assert!(
        said.contains("a shop runs in") && said.contains(&server.pid().to_string()),
        "{said}"
    );

    server.stop(Signal::Terminate)?;
    fs::remove_file(place.shop().join("chain.json"))?;
    if place.shop().join("chain.copy.json").exists() {
        fs::remove_file(place.shop().join("chain.copy.json"))?;
    }
    let (again, _) = place.start("again.log")?;
    assert_eq!(place.merchant()?, merchant);
    assert!(
        again.log().contains("the merchant was registered again"),
        "{}",
        again.log()
    );
    Ok(())
}

#[test]
fn a_stopped_start_ends_its_children_too() -> Result<()> {
    let place = Place::new()?;
    let command = place.command(&["dev", "--folder", "shop", "--listen", "127.0.0.1:0"]);
    let log = place.folder.path().join("killed.log");
    let server = Server::start("shelfproof dev", command, Signal::Terminate, &log)?;
    thread::sleep(Duration::from_millis(1_500));
    let children = below(server.pid());
    send(Signal::Kill, server.pid())?;
    wait_until_gone(&children)?;
    // A setup that was interrupted is completed.
    place.start("whole.log").map(drop)
}

#[test]
fn what_is_sold_is_proved_some_seconds_later() -> Result<()> {
    let place = Place::new()?;
    let (mut server, address) = place.start("shop.log")?;
    let mut shop = DevShop::open(&place, &address)?;
    let first = shop.buy()?;
    shop.check_proof(&first)?;
    shop.check_data(1)?;
    shop.audit()?;

    // After a crash the shop uses another port. The chain still has the first one, and the anchor continues where it
    // was.
    server.stop(Signal::Kill)?;
    let (server, address) = place.start("again.log")?;
    assert!(server.log().contains("--data; to be found again"), "{}", server.log());
    let mut shop = shop.move_to(&address)?;
    let second = shop.buy()?;
    shop.check_proof(&second)?;
    shop.check_proof(&first)?;
    shop.audit()
}
