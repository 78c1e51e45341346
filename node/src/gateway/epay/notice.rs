//! What a notice says, once its signature is verified.

use super::fields::Fields;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{PaymentId, Received};
use crate::gateway::{Notice, NoticeRefusal};

/// The only state that means that the money is there.
const PAID: &str = "TRADE_SUCCESS";

/// The longest number of a trade.
const TRADE_NO_MAX: usize = 64;

/// Reads a notice for the account `pid`. The product's name is not compared: the gateway escapes it, or replaces it.
pub(super) fn read(fields: &Fields, pid: u64) -> Result<Notice, NoticeRefusal> {
    if fields.need("pid")? != pid.to_string() {
        return Err(NoticeRefusal::OtherAccount);
    }
    let payment: PaymentId = fields
        .need("out_trade_no")?
        .parse()
        .map_err(|_| NoticeRefusal::NoPayment)?;
    if fields.need("trade_status")? != PAID {
        return Ok(Notice::Unpaid(payment));
    }
    let trade_no = fields.need("trade_no")?;
    if !is_trade_no(trade_no) {
        return Err(NoticeRefusal::Field("trade_no"));
    }
    Ok(Notice::Received(Received {
        payment,
        trade_no: trade_no.to_owned(),
        amount: yuan(fields.need("money")?).ok_or(NoticeRefusal::Amount)?,
    }))
}

pub(super) fn is_trade_no(text: &str) -> bool {
    (1..=TRADE_NO_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads an amount of yuan, which PHP may have written as a float, and another program with more zeros.
pub(super) fn yuan(text: &str) -> Option<Money> {
    let short = match text.split_once('.') {
        Some((_, part)) if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.trim_end_matches('0').trim_end_matches('.')
        }
        _ => text,
    };
    Money::parse(short, Currency::CNY).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (PaymentId, Fields) {
        let id = PaymentId::generate();
        let fields = Fields::default()
            .with("pid", 1001)
            .with("out_trade_no", id)
            .with("trade_no", "2026113012000012345")
            .with("trade_status", PAID)
            .with("name", "another &amp; name")
            .with("money", "9.9");
        (id, fields)
    }

    #[test]
    fn money_is_a_decimal_however_it_is_written() {
        for text in ["9.9", "9.90", "9.900", "09.9", "9.9000000"] {
            assert_eq!(yuan(text).map(|money| money.minor), Some(990), "{text}");
        }
        assert_eq!(yuan("10").map(|money| money.minor), Some(1_000));
        assert_eq!(yuan("100.00").map(|money| money.minor), Some(10_000));
        for text in [
            "", ".", "9.", ".9", "9.901", "-9.9", "9,90", "9.9 ", "1e3", "9.9.0", "0.0.", "∞",
        ] {
            assert_eq!(yuan(text), None, "{text}");
        }
    }

    #[test]
    fn a_paid_notice_is_received() {
        let (id, fields) = good();
        let Ok(Notice::Received(received)) = read(&fields, 1001) else {
            panic!("not received");
        };
        assert_eq!((received.payment, received.amount.minor), (id, 990));
        assert_eq!(received.trade_no, "2026113012000012345");
    }

    #[test]
    fn any_other_state_is_unpaid() {
        let (id, fields) = good();
        for other in ["TRADE_CLOSED", "WAIT_BUYER_PAY", "trade_success", "TRADE_SUCCESS2"] {
            let fields = fields.clone().with("trade_status", other);
            assert_eq!(read(&fields, 1001), Ok(Notice::Unpaid(id)), "{other}");
        }
    }

    #[test]
    fn each_rule_has_its_refusal() {
        let (_, fields) = good();
        for (name, value, refusal) in [
            ("pid", "1002", NoticeRefusal::OtherAccount),
            ("pid", "01001", NoticeRefusal::OtherAccount),
            ("pid", " ", NoticeRefusal::Missing("pid")),
            ("out_trade_no", "", NoticeRefusal::Missing("out_trade_no")),
            ("out_trade_no", "20220201030210321", NoticeRefusal::NoPayment),
            ("trade_status", "", NoticeRefusal::Missing("trade_status")),
            ("trade_no", "", NoticeRefusal::Missing("trade_no")),
            ("trade_no", "12 34", NoticeRefusal::Field("trade_no")),
            ("trade_no", &"9".repeat(65), NoticeRefusal::Field("trade_no")),
            ("money", "", NoticeRefusal::Missing("money")),
            ("money", "9.901", NoticeRefusal::Amount),
        ] {
            assert_eq!(
                read(&fields.clone().with(name, value), 1001),
                Err(refusal),
                "{name}={value}"
            );
        }
    }
}
