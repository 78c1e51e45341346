//! The operator registers one code twice, the second time in another spelling.

use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::{code, vrf};

use super::copied_shop::{CopiedShop, new_secret, sale_to};
use super::crook::Crook;
use super::log::made_up;
use super::place::Ruling;
use super::story::Story;
use crate::Result;

pub(super) const STORY: Story = Story {
    name: "respelled",
    code: "key_id",
    what: [
        "The operator wants to sell Ann's code again in another spelling. The shop's import refuses it as the same key, so the \
         operator makes up a second key id for it, with a whole history that ends with a sale to Bob, and anchors that.",
        "商家想把 Ann 的卡密换一种写法再卖一次。商家的导入程序认出是同一张并拒绝，于是商家为它另编一个标识和一整段以卖给 Bob 结尾的历史，并上了链。",
    ],
    who: ["the second buyer", "第二位买家"],
    why: [
        "A key id is computed from the code alone, without case, dashes, spaces or full-width forms, by a function whose one \
         key stands in the registry and never changes. An auditor sees two keys and nothing wrong; Bob types what he was given, and arrives at Ann's.",
        "卡密标识只由卡密本身算出，不分大小写、连字符、空格和全角半角，所用函数唯一的密钥登记在合约里，永不改变。审计者只看到两张各自正常的卡密；\
         Bob 输入他拿到的卡密，得到的是 Ann 的那张。",
    ],
};

pub(super) fn run(crook: &mut Crook<'_>) -> Result<Ruling> {
    let sold = &crook.snapshot.stock.sold;
    let respelled = other_spelling(&sold.code);
    refuses_to_import(&CopiedShop::of(crook.snapshot)?, &respelled)?;

    let seed = rand::random();
    let secret_key = vrf::SecretKey::from_seed(&seed).ok_or("no key of that seed")?;
    let (key_id, proof) = secret_key.prove(&code::alpha(&respelled)?).ok_or("no key id")?;
    let (bob, anns) = (new_secret("bob"), Bundle::parse(sold.bundle.as_bytes())?);
    let (generated, _) = made_up(key_id, None, Kind::Generated, "{}");
    let (activated, _) = made_up(key_id, Some(&generated), Kind::Activated, "{}");
    let (sale, opening) = made_up(key_id, Some(&activated), Kind::Sold, &sale_to(&anns, &bob)?);
    let number = crook.anchor(&[generated, activated, sale], &[])?;

    // Ann's proof accepts either spelling, and an auditor sees two sound keys.
    crook.expect(&crook.key("ann", &respelled, &sold.secret, &anns)?, "holds sold")?;
    crook.expect_audit(&crook.sound())?;
    let history = crook.log.history(&key_id, number, |_: &KeyEvent| true)?;
    let to_bob = crook.bundle_without_receipt(proof, history, &sale, Some(&opening));
    crook.would_hold(&to_bob, &respelled, &bob, |view| {
        view.vrf_public_key = secret_key.public_key();
    })?;
    crook.show(&crook.key("bob", &respelled, &bob, &to_bob)?)
}

/// Checks that the shop's own program refuses a code that it already has, in any spelling.
fn refuses_to_import(copy: &CopiedShop<'_>, respelled: &str) -> Result<()> {
    let (file, product) = (copy.file(respelled)?, &copy.snapshot.stock.product);
    let import = [
        "import",
        &file,
        "--product",
        product,
        "--batch",
        "again",
        "--format",
        "lines",
        "--json",
    ];
    let report: serde_json::Value = serde_json::from_slice(&copy.run(&import)?.stdout)?;
    if report["imported"] == 0 && report["refused"] == 1 {
        return Ok(());
    }
    Err(format!("the import took another spelling: {report}").into())
}

/// Returns the code in full-width lower-case letters, with spaces in place of dashes.
fn other_spelling(code: &str) -> String {
    let respell = |c: char| match c.to_ascii_lowercase() {
        '-' => ' ',
        c if c.is_ascii_graphic() => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        c => c,
    };
    code.chars().map(respell).collect()
}
