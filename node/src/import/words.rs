//! What the names of a table's columns mean, in the spellings that vendors and shop programs use.
//!
//! A name is compared without letter case, spaces, signs and a remark in brackets, and traditional characters count as
//! their simplified forms. To add a name: a word in the list of its meaning.

/// What a column holds, by its name in the header row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A code, the number of a card, or an account.
    Code,
    /// A code, unless another column holds one: then what is delivered beside it, as a card's PIN is.
    CodeOrSecret,
    /// What is delivered beside a code: a password.
    Secret,
    /// A code where no other column is one, else the number of a row.
    Number,
    /// Nothing that a buyer needs: a row's number, a price, the date of a purchase.
    Other,
    /// What a buyer may need: a day on which the code expires, or a remark, which may say how to recover an account.
    Remark,
}

/// The longest name that is looked up, bytes.
const MAX_NAME: usize = 64;

/// The meaning of a column of that name; `None` for a name that is not known.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let plain = plain(name);
    if plain.is_empty() {
        // A sign alone, such as №, numbers the rows.
        return matches!(name.trim(), "#" | "№").then_some(Meaning::Other);
    }
    if plain.len() > MAX_NAME {
        return None;
    }
    let listed = [
        (CODE_OR_SECRET, Meaning::CodeOrSecret),
        (SECRET, Meaning::Secret),
        (NUMBER, Meaning::Number),
        (OTHER, Meaning::Other),
        (REMARK, Meaning::Remark),
        (CODE, Meaning::Code),
    ];
    let listed = listed
        .into_iter()
        .find(|(names, _)| listed_in(names).any(|name| name == plain || is_plural(&plain, name)));
    listed
        .map(|(_, meaning)| meaning)
        .or_else(|| is_composed(&plain).then_some(Meaning::Code))
}

/// The words of a list.
fn listed_in(words: &'static str) -> impl Iterator<Item = &'static str> {
    words.split_ascii_whitespace()
}

fn is_plural(plain: &str, name: &str) -> bool {
    name.is_ascii() && plain.strip_suffix('s') == Some(name)
}

/// The name without what spellings of it differ in.
fn plain(name: &str) -> String {
    let name = name.split(['(', '（', '[', '【']).next().unwrap_or_default();
    name.chars()
        .map(|character| match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
            _ => simplified(character),
        })
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The simplified form of the traditional characters that occur in the lists.
const fn simplified(character: char) -> char {
    match character {
        '號' => '号',
        '碼' => '码',
        '帳' | '帐' | '賬' => '账',
        '戶' => '户',
        '鑰' => '钥',
        '啟' | '啓' => '启',
        '兌' => '兑',
        '換' => '换',
        '儲' => '储',
        '點' => '点',
        '數' => '数',
        '編' => '编',
        '備' => '备',
        '註' => '注',
        '冊' => '册',
        '價' => '价',
        '額' => '额',
        '貨' => '货',
        '幣' => '币',
        '單' => '单',
        '產' => '产',
        '狀' => '状',
        '態' => '态',
        '時' => '时',
        '間' => '间',
        '類' => '类',
        '種' => '种',
        '說' => '说',
        '訂' => '订',
        '購' => '购',
        '禮' => '礼',
        '遊' => '游',
        '戲' => '戏',
        '驗' => '验',
        '證' => '证',
        '憑' => '凭',
        '優' => '优',
        '項' => '项',
        '區' => '区',
        '稱' => '称',
        '庫' => '库',
        '業' => '业',
        '應' => '应',
        '國' => '国',
        '電' => '电',
        '郵' => '邮',
        '錄' => '录',
        '登' => '登',
        '授' => '授',
        '權' => '权',
        '規' => '规',
        '內' => '内',
        '級' => '级',
        '劵' => '券',
        '連' => '连',
        '結' => '结',
        '鏈' => '链',
        _ => character,
    }
}

/// Names of a code, a card's number or an account that [`is_composed`] does not make.
const CODE: &str = "
    account accountname accountnumber user username userid login loginname email mail emailaddress 卡券
    卡券号 卡券码 券码 券号 优惠券码 优惠码 兑换码 兑换券 激活码 充值码 充值卡号 序列号 序列码 注册码
    授权码 授权密钥 产品密钥 许可证 许可证密钥 启用码 启动码 礼品卡号 礼品卡 礼品码 储值码 点卡 点卡号
    账号 账户 用户名 登录名 邮箱 电子邮箱 提货码 核销码";

/// Names of a code that is delivered beside another one where there is one.
const CODE_OR_SECRET: &str = "
    pin pincode cardpin 卡密 密钥 卡密码 卡券密码 cdk 兑换密码 充值密码 secretcode securitycode";

/// Names of what is delivered beside a code.
const SECRET: &str = "
    password passwd pass pwd pw passcode secret accountpassword emailpassword 密码 口令 账号密码 登录密码
    账户密码";

/// Names of a card's number, or of a row's.
const NUMBER: &str = "
    number 卡号 卡 card 编码";

/// Names of columns that no buyer needs.
const OTHER: &str = "
    no nr n num id index idx row line seq 序号 编号 行号 号 price cost amount facevalue
    denomination currency unitprice total 价格 售价 成本 单价 面值 面额 金额 币种 货币 date time created
    createdat createdate 日期 时间 创建时间 添加时间 入库时间 quantity qty count stock 数量 库存
    region country 地区 区域 国家 product productname item sku 产品 商品 商品名称 产品名称 名称 类型 规格
    type status state 状态";

/// Names of columns that a buyer may need.
const REMARK: &str = "
    note remark comment memo 备注 说明 expiry expires expiresat expirydate expiration expirationdate
    validuntil 有效期 到期时间 过期时间 到期日";

/// Words that the English names of a code are composed of.
const WORDS: &str = "
    gift digital game product software license licence activation serial redeem redemption redeemable
    promo promotion voucher coupon card access steam windows office prepaid recharge topup refill cd prod
    unlock registration reg claim invite member membership subscription digit e store wallet the your";

/// Words that the English name of a code ends with.
const HEADS: &str = "
    code key serial voucher coupon number no license licence";

/// Whether the name is an English one of a code: `License Key`, `gift_card_codes`, `SerialNo`.
fn is_composed(plain: &str) -> bool {
    let composed = |name: &str| {
        listed_in(HEADS).any(|head| {
            name.strip_suffix(head)
                .is_some_and(|rest| is_of_words(rest) && !(rest.is_empty() && matches!(head, "number" | "no")))
        })
    };
    composed(plain) || plain.strip_suffix('s').is_some_and(composed)
}

/// Whether the text is a sequence of [`WORDS`] and [`HEADS`]; nothing is one.
fn is_of_words(text: &str) -> bool {
    text.is_empty()
        || listed_in(WORDS)
            .chain(listed_in(HEADS))
            .any(|word| text.strip_prefix(word).is_some_and(is_of_words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_of_a_code_are_known_in_every_spelling() {
        for name in [
            "code",
            "Code",
            "CODES",
            "key",
            "License Key",
            "license_key",
            "LICENSE-KEY",
            "LicenseKey",
            "Licence key",
            "Gift Card Code",
            "gift card number",
            "Serial Number",
            "serial no.",
            "Serial",
            "Product Key",
            "product keys",
            "Activation Code",
            "Redeem Code",
            "redemption_code",
            "Voucher",
            "voucher code",
            "Coupon Code",
            "CD-Key",
            "CDKEY",
            "Steam Key",
            "Game Key",
            "Card Number",
            "Card No",
            "E-Code",
            "ｃｏｄｅ",
            "Code (16 digits)",
            "account",
            "Username",
            "User Name",
            "E-mail",
            "账号",
            "帐号",
            "帳號",
            "賬號",
            "激活码",
            "激活碼",
            "啟用碼",
            "兑换码",
            "兌換碼",
            "序列号",
            "序列號",
            "充值码",
            "券碼",
            "优惠券码",
            "产品密钥",
            "產品密鑰",
            "卡券号",
            "授权码",
            "注册码",
            "註冊碼",
            "礼品卡号",
        ] {
            assert_eq!(meaning(name), Some(Meaning::Code), "{name}");
        }
    }

    #[test]
    fn other_names_mean_what_they_say() {
        for (name, expected) in [
            ("Password", Some(Meaning::Secret)),
            ("pass-word", Some(Meaning::Secret)),
            ("密碼", Some(Meaning::Secret)),
            ("PIN", Some(Meaning::CodeOrSecret)),
            ("卡密", Some(Meaning::CodeOrSecret)),
            ("卡號", Some(Meaning::Number)),
            ("Number", Some(Meaning::Number)),
            ("no.", Some(Meaning::Other)),
            ("#", Some(Meaning::Other)),
            ("Notes", Some(Meaning::Remark)),
            ("備註", Some(Meaning::Remark)),
            ("Expiry Date", Some(Meaning::Remark)),
            ("序號", Some(Meaning::Other)),
            ("Prices", Some(Meaning::Other)),
            ("order number", None),
            ("phone no", None),
            ("x", None),
            ("ABCD-1234", None),
            ("monkey", None),
            ("", None),
        ] {
            assert_eq!(meaning(name), expected, "{name}");
        }
    }
}
