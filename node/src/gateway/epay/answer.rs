//! What the gateway answers about an order, in both versions.

use super::fields::Fields;
use super::notice::{is_trade_no, yuan};
use crate::domain::money::Money;
use crate::domain::payment::{PaymentId, Received};
use crate::gateway::{GatewayError, Report};

/// The most that is kept of the gateway's own words.
const WORDS_MAX_BYTES: usize = 200;

/// The state of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Paid,
    /// Wholly or in part.
    Refunded,
    /// The gateway keeps the money back, or it is reserved and not yet taken.
    Held,
}

/// An order, as the gateway has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) state: State,
    pub(super) received: Received,
}

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) pid: u64,
    pub(super) payment: PaymentId,
    pub(super) trade_no: Option<&'a str>,
}

impl Asked<'_> {
    /// Reads the answer, whose `code` says that there is such an order. It must be the one that was asked for.
    pub(super) fn read(&self, fields: &Fields) -> Result<Order, GatewayError> {
        if fields.get("pid") != Some(self.pid.to_string().as_str()) {
            return Err(GatewayError::Malformed("it is about another account"));
        }
        if fields.get("out_trade_no") != Some(self.payment.to_string().as_str()) {
            return Err(GatewayError::Malformed("it is about another payment"));
        }
        let trade_no = fields.get("trade_no").filter(|trade_no| is_trade_no(trade_no));
        let trade_no = trade_no.ok_or(GatewayError::Malformed("it has no trade number"))?;
        if self.trade_no.is_some_and(|asked| asked != trade_no) {
            return Err(GatewayError::Malformed("it has another trade number"));
        }
        let state = match fields.get("status") {
            Some("0") => State::Waiting,
            Some("1") => State::Paid,
            Some("2") => State::Refunded,
            Some("3" | "4") => State::Held,
            _ => return Err(GatewayError::Malformed("its status is none that is known")),
        };
        let money = fields.get("money").and_then(yuan);
        let amount = money.ok_or(GatewayError::Malformed("its amount is none"))?;
        let received = Received {
            payment: self.payment,
            trade_no: trade_no.to_owned(),
            amount,
        };
        Ok(Order { state, received })
    }
}

impl Order {
    /// An order whose money went back is closed: nothing is delivered for it. One that is held can still become paid.
    pub(super) fn report(self) -> Report {
        match self.state {
            State::Paid => Report::Received(self.received),
            State::Waiting | State::Held => Report::Open,
            State::Refunded => Report::Closed,
        }
    }

    pub(super) fn amount(&self) -> Money {
        self.received.amount
    }
}

/// Whether the gateway says that it has no such order. Its code for that means other things too.
pub(super) fn is_unknown(fields: &Fields) -> bool {
    let words = fields.get("msg").unwrap_or_default();
    fields.get("code") == Some("-1") && words.contains("订单") && words.contains("不存在")
}

/// Whether the gateway refuses the account or the request itself, and not what is asked for.
pub(super) fn is_about_account(fields: &Fields) -> bool {
    matches!(fields.get("code"), Some("-3" | "-5"))
}

/// The gateway's own words, in bounds and on one line.
pub(super) fn words(fields: &Fields) -> String {
    let words = fields.get("msg").unwrap_or("it gives no reason");
    let words = &words[..words.floor_char_boundary(WORDS_MAX_BYTES)];
    words.replace(|c: char| c.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (PaymentId, Fields) {
        let payment = PaymentId::generate();
        let json = format!(
            "{{\"code\":1,\"msg\":\"succ\",\"trade_no\":\"T1\",\"out_trade_no\":\"{payment}\",\"pid\":1001,\
             \"money\":\"9.90\",\"status\":\"1\",\"endtime\":null}}"
        );
        (payment, Fields::of_json(json.as_bytes()).unwrap())
    }

    #[test]
    fn a_state_is_what_it_means_for_the_payment() {
        let (payment, fields) = good();
        let asked = Asked {
            pid: 1001,
            payment,
            trade_no: Some("T1"),
        };
        let report = |status: &str| asked.read(&fields.clone().with("status", status)).map(Order::report);
        assert_eq!(report("0").unwrap(), Report::Open);
        let Report::Received(received) = report("1").unwrap() else {
            panic!("not received");
        };
        assert_eq!((received.payment, received.amount.minor), (payment, 990));
        assert_eq!(report("2").unwrap(), Report::Closed);
        assert_eq!(report("3").unwrap(), Report::Open);
        assert_eq!(report("4").unwrap(), Report::Open);
        assert!(report("9").is_err() && report("").is_err());
    }

    #[test]
    fn an_answer_about_something_else_is_refused() {
        let (payment, fields) = good();
        for (name, value) in [
            ("pid", "1002".to_owned()),
            ("pid", String::new()),
            ("out_trade_no", PaymentId::generate().to_string()),
            ("trade_no", "T2".to_owned()),
            ("trade_no", String::new()),
            ("money", "9.999".to_owned()),
            ("money", String::new()),
        ] {
            let asked = Asked {
                pid: 1001,
                payment,
                trade_no: Some("T1"),
            };
            let read = asked.read(&fields.clone().with(name, &value));
            assert!(matches!(read, Err(GatewayError::Malformed(_))), "{name}={value}");
        }
    }

    #[test]
    fn no_such_order_is_told_from_other_refusals() {
        let says = |code: i32, msg: &str| Fields::default().with("code", code).with("msg", msg);
        assert!(is_unknown(&says(-1, "订单号不存在")));
        assert!(!is_unknown(&says(-3, "商户ID不存在")));
        assert!(!is_unknown(&says(-1, "商户不存在！")));
        assert!(is_about_account(&says(-3, "商户密钥错误")));
        assert!(!is_about_account(&says(-1, "退款失败")));
        let long = words(&says(-1, &format!("a\n{}", "卡".repeat(100))));
        assert!(long.len() <= WORDS_MAX_BYTES && long.starts_with("a 卡"));
    }
}
