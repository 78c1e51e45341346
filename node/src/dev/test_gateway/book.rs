//! The orders of the test gateway, and what may become of them. Refusals are in the real program's words.

use std::collections::BTreeMap;

use serde::Serialize;
use shelfproof_base::web::{Url, is_this_machine, parse_url};

use crate::domain::money::{Currency, Money};
use crate::gateway::epay::fields::Fields;

/// The most orders that are kept.
const ORDERS_MAX: usize = 100_000;

/// Why something is refused.
pub(super) type Refused = &'static str;

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) trade_no: String,
    pub(super) out_trade_no: String,
    pub(super) money: Money,
    /// As HTML.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) param: Option<String>,
    pub(super) notify_url: Url,
    pub(super) return_url: Url,
    pub(super) is_paid: bool,
    pub(super) refunded_minor: i64,
    pub(super) notices: Notices,
}

/// What became of the notices of an order.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Notices {
    /// Those that the shop was asked to take.
    pub(super) sent: u32,
    /// Those that it answered with `success`.
    pub(super) taken: u32,
    /// Those that it answered with something else, or not at all.
    pub(super) not_taken: u32,
    /// Those that never left, because notices were held back.
    pub(super) held_back: u32,
}

/// All orders, by the shop's number.
#[derive(Debug)]
pub(super) struct Book {
    orders: BTreeMap<String, Order>,
    /// The first part of the numbers of trades, so that those of two runs differ.
    first_ms: u64,
    /// Whether notices are held back.
    pub(super) is_held: bool,
}

impl Order {
    /// As the real program numbers them: waiting, paid, refunded.
    pub(super) const fn status(&self) -> u8 {
        match (self.is_paid, self.refunded_minor) {
            (false, _) => 0,
            (true, 0) => 1,
            (true, _) => 2,
        }
    }

    /// What a notice and the return page carry. The amount is written as PHP writes a float.
    pub(super) fn notice(&self, pid: u64) -> Fields {
        let money = self.money.decimal();
        let money = money.trim_end_matches('0').trim_end_matches('.');
        let fields = Fields::default()
            .with("pid", pid)
            .with("trade_no", &self.trade_no)
            .with("out_trade_no", &self.out_trade_no)
            .with("type", &self.kind)
            .with("name", &self.name)
            .with("money", money)
            .with("trade_status", "TRADE_SUCCESS");
        match &self.param {
            Some(param) => fields.with("param", param),
            None => fields,
        }
    }
}

impl Book {
    pub(super) const fn new(first_ms: u64) -> Self {
        Self {
            orders: BTreeMap::new(),
            first_ms,
            is_held: false,
        }
    }

    pub(super) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Finds an order by either number.
    pub(super) fn find(&self, trade_no: Option<&str>, out_trade_no: Option<&str>) -> Result<&Order, Refused> {
        let found = match (trade_no, out_trade_no) {
            (Some(trade_no), _) => self.orders.values().find(|order| order.trade_no == trade_no),
            (None, Some(out_trade_no)) => self.orders.get(out_trade_no),
            (None, None) => return Err("订单号不能为空"),
        };
        found.ok_or("订单号不存在")
    }

    /// Takes in an order whose signature was verified, or finds it again.
    pub(super) fn place(&mut self, fields: &Fields) -> Result<Order, Refused> {
        let trade_no = format!("{}{:06}", self.first_ms, self.orders.len() + 1);
        let new = read(fields, trade_no)?;
        if let Some(old) = self.orders.get(&new.out_trade_no) {
            let is_same = old.money == new.money
                && old.name == new.name
                && old.notify_url == new.notify_url
                && old.return_url == new.return_url;
            return if old.is_paid {
                Err("该订单已完成支付，请勿重复发起支付")
            } else if is_same {
                Ok(old.clone())
            } else {
                Err("该订单支付参数有变化，请更换订单号重新发起支付")
            };
        }
        if self.orders.len() == ORDERS_MAX {
            return Err("创建订单失败，请返回重试！");
        }
        self.orders.insert(new.out_trade_no.clone(), new.clone());
        Ok(new)
    }

    /// Marks an order as paid, once.
    pub(super) fn pay(&mut self, out_trade_no: &str) -> Result<Order, Refused> {
        let order = self.orders.get_mut(out_trade_no).ok_or("订单号不存在")?;
        if order.is_paid {
            return Err("该订单已完成支付，请勿重复发起支付");
        }
        order.is_paid = true;
        Ok(order.clone())
    }

    /// Gives money back.
    pub(super) fn refund(&mut self, out_trade_no: &str, money: Money) -> Result<(), Refused> {
        let order = self.orders.get_mut(out_trade_no).ok_or("订单号不存在")?;
        let left = order.money.minor - order.refunded_minor;
        if !order.is_paid {
            return Err("该订单状态不支持退款！");
        }
        if left == 0 {
            return Err("该订单已全额退款！");
        }
        if money.minor == 0 || money.minor > left {
            return Err("退款金额不能超过该订单剩余可退款金额！");
        }
        order.refunded_minor += money.minor;
        Ok(())
    }

    /// Counts what became of a notice.
    pub(super) fn count(&mut self, out_trade_no: &str, count: impl FnOnce(&mut Notices)) {
        if let Some(order) = self.orders.get_mut(out_trade_no) {
            count(&mut order.notices);
        }
    }
}

fn read(fields: &Fields, trade_no: String) -> Result<Order, Refused> {
    let need = |name, refused| fields.get(name).ok_or(refused);
    let address = |text: &str, refused| parse_url(text).map_err(|_| refused);
    let out_trade_no = need("out_trade_no", "订单号(out_trade_no)不能为空")?;
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-|".contains(&b));
    if !is_number(out_trade_no) {
        return Err("订单号(out_trade_no)格式不正确");
    }
    let money = need("money", "金额(money)不能为空")?;
    let money = Money::parse(money, Currency::CNY).map_err(|_| "金额不合法")?;
    let notify_url = address(need("notify_url", "通知地址(notify_url)不能为空")?, "通知地址不合法")?;
    if money.minor == 0 {
        return Err("金额不合法");
    }
    if !is_this_machine(&notify_url) {
        return Err("the test gateway notifies this machine only");
    }
    Ok(Order {
        trade_no,
        out_trade_no: out_trade_no.to_owned(),
        money,
        name: escaped(need("name", "商品名称(name)不能为空")?),
        kind: fields.get("type").unwrap_or("alipay").to_owned(),
        param: fields.get("param").map(escaped),
        notify_url,
        return_url: address(need("return_url", "回调地址(return_url)不能为空")?, "回调地址不合法")?,
        is_paid: false,
        refunded_minor: 0,
        notices: Notices::default(),
    })
}

/// A text as HTML, also within quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#039;"),
            _ => html.push(character),
        }
    }
    html
}
