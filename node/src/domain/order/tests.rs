//! Transitions, and how amounts and item numbers are shared out over lines.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::id::SkuId;

fn new_order(quantities: &[u32]) -> NewOrder {
    NewOrder {
        id: OrderId(Uuid::nil()),
        customer: Customer::Account(AccountId(Uuid::nil())),
        channel: SalesChannel::Api,
        fingerprint: [0; 32],
        lines: quantities
            .iter()
            .map(|quantity| NewLine {
                product: ProductId(Uuid::nil()),
                quantity: *quantity,
                price: None,
            })
            .collect(),
        coupon: None,
        buyer: None,
    }
}

fn placed(lines: &[(u32, i64, i64)]) -> Order {
    let quantities: Vec<u32> = lines.iter().map(|(quantity, ..)| *quantity).collect();
    let lines = lines.iter().map(|(quantity, unit_minor, discount_minor)| Line {
        discount_minor: *discount_minor,
        ..Line::new(ProductId(Uuid::nil()), SkuId(Uuid::nil()), *quantity, *unit_minor)
    });
    Order::place(&new_order(&quantities), Currency::CNY, lines.collect(), 1)
}

/// The order's state and its lines'.
fn states(order: &Order) -> (OrderStatus, Vec<Fulfilment>) {
    (order.status, order.lines.iter().map(|line| line.fulfilment).collect())
}

#[test]
fn a_prepaid_order_goes_through_every_state_at_once() {
    let order = placed(&[(2, 990, 0)]).pay().unwrap().deliver_all().unwrap();
    assert_eq!((order.status, order.version), (OrderStatus::Delivered, 3));
    assert!(order.lines.iter().all(|line| line.fulfilment == Fulfilment::Delivered));
    let partly = order.refund_item(1, 2).unwrap();
    assert_eq!((partly.status, partly.version), (OrderStatus::PartiallyRefunded, 4));
    assert_eq!(partly.refund_item(2, 2).unwrap().status, OrderStatus::Refunded);
}

#[test]
fn an_unpaid_order_ends_and_a_late_payment_is_taken() {
    let order = placed(&[(2, 990, 0)]).payable_until(1_000);
    let early = order.clone().expire(999).unwrap_err();
    assert_eq!(early, TransitionError::NotExpired { order: order.id });
    let without_deadline = placed(&[(2, 990, 0)]).expire(u64::MAX);
    assert_eq!(without_deadline, Err(TransitionError::NotExpired { order: order.id }));
    let ends = [
        (order.clone().expire(1_000).unwrap(), OrderStatus::Expired),
        (order.cancel().unwrap(), OrderStatus::Cancelled),
    ];
    for (ended, status) in ends {
        assert_eq!(states(&ended), (status, vec![Fulfilment::Cancelled]));
        assert!(ended.clone().expire(u64::MAX).is_err() && ended.clone().cancel().is_err());
        let paid = ended.pay().unwrap();
        assert_eq!(states(&paid), (OrderStatus::Paid, vec![Fulfilment::Pending]));
        assert_eq!(paid.expires_at_ms, Some(1_000));
    }
}

#[test]
fn an_order_is_delivered_in_parts() {
    use Fulfilment::{Delivered, PartiallyDelivered, Pending};
    let paid = placed(&[(2, 990, 0), (3, 100, 0)]).pay().unwrap();
    let mut order = paid.clone();
    for (counts, status, lines) in [
        ([0, 1], OrderStatus::PartiallyDelivered, [Pending, PartiallyDelivered]),
        ([2, 1], OrderStatus::PartiallyDelivered, [Delivered, PartiallyDelivered]),
        ([2, 2], OrderStatus::PartiallyDelivered, [Delivered, PartiallyDelivered]),
        ([2, 3], OrderStatus::Delivered, [Delivered, Delivered]),
    ] {
        order = order.deliver(&counts).unwrap();
        assert_eq!(states(&order), (status, lines.to_vec()));
    }
    assert!(matches!(order.deliver(&[2, 3]), Err(TransitionError::Status { .. })));
    let partly = paid.clone().deliver(&[2, 1]).unwrap();
    for counts in [&[1, 1][..], &[2, 0], &[2, 4], &[2], &[2, 1, 1]] {
        let wrong = partly.clone().deliver(counts);
        assert_eq!(wrong, Err(TransitionError::Delivery { order: partly.id }), "{counts:?}");
    }
    assert!(matches!(paid.deliver(&[0, 0]), Err(TransitionError::Delivery { .. })));
}

#[test]
fn what_is_not_delivered_is_refunded_before_an_item_is() {
    use Fulfilment::{Cancelled, PartiallyDelivered, Pending};
    let paid = placed(&[(2, 990, 0), (3, 100, 0)]).pay().unwrap();
    let whole = paid.clone().refund_undelivered().unwrap();
    assert_eq!(states(&whole), (OrderStatus::Refunded, vec![Cancelled, Cancelled]));
    let partly = paid.deliver(&[0, 1]).unwrap();
    assert_eq!(states(&partly).1, [Pending, PartiallyDelivered]);
    let error = partly.clone().refund_item(1, 1).unwrap_err();
    let text = "is partially_delivered: its items can be refunded once the rest of it is delivered or refunded";
    assert!(error.to_string().ends_with(text), "{error}");
    let ended = partly.refund_undelivered().unwrap();
    let lines = vec![Cancelled, PartiallyDelivered];
    assert_eq!(states(&ended), (OrderStatus::PartiallyRefunded, lines.clone()));
    assert!(ended.clone().deliver(&[0, 2]).is_err() && ended.clone().refund_undelivered().is_err());
    let all = ended.refund_item(1, 1).unwrap();
    assert_eq!(states(&all), (OrderStatus::Refunded, lines));
}

#[test]
fn a_transition_out_of_order_says_from_where_to_where() {
    let unpaid = placed(&[(1, 990, 0)]);
    let error = unpaid.clone().deliver_all().unwrap_err();
    let (order, from, to) = (unpaid.id, OrderStatus::AwaitingPayment, OrderStatus::Delivered);
    assert_eq!(error, TransitionError::Status { order, from, to });
    assert!(
        error
            .to_string()
            .ends_with("is awaiting_payment and cannot become delivered")
    );
    let refused = Order::refuse(&new_order(&[1]), RefusalReason::OutOfStock, 1);
    assert!(refused.clone().pay().is_err() && refused.refund_item(1, 1).is_err());
    let delivered = unpaid.pay().unwrap().deliver_all().unwrap();
    assert!(delivered.clone().refund_undelivered().is_err());
    let refunded = delivered.refund_item(1, 1).unwrap();
    assert!(refunded.refund_item(1, 1).is_err());
}

#[test]
fn a_name_and_its_reason_belong_together() {
    for status in OrderStatus::ALL {
        let reason = status.reason().map(RefusalReason::name);
        assert_eq!(OrderStatus::from_names(status.name(), reason), Some(status));
    }
    for (name, reason) in [
        ("delivered", Some("out_of_stock")),
        ("refused", None),
        ("refused", Some("abnormal")),
        ("abnormal", Some("out_of_stock")),
        ("sold", None),
    ] {
        assert_eq!(OrderStatus::from_names(name, reason), None, "{name} {reason:?}");
    }
}

#[test]
fn items_are_numbered_through_the_lines() {
    let order = placed(&[(2, 990, 0), (3, 100, 0)]);
    let lines: Vec<_> = (0..=6).map(|item| order.line_of(item).map(|(line, _)| line)).collect();
    assert_eq!(lines, [None, Some(1), Some(1), Some(2), Some(2), Some(2), None]);
    assert_eq!(order.total().unwrap().minor, 2 * 990 + 3 * 100);
}

proptest! {
    #[test]
    fn items_cost_what_their_line_costs(quantity in 1..=100u32, unit in 0..10_000i64, off in 0..=100i64) {
        let gross = unit * i64::from(quantity);
        let discount = gross * off / 100;
        let order = placed(&[(1, 1, 0), (quantity, unit, discount)]);
        let nets: Vec<i64> = (2..=quantity + 1).map(|item| order.item_net(item).unwrap().minor).collect();
        prop_assert_eq!(nets.iter().sum::<i64>(), gross - discount);
        prop_assert!(nets.iter().max().unwrap() - nets.iter().min().unwrap() <= 1);
        prop_assert!(nets.iter().all(|net| (0..=unit).contains(net)));
        prop_assert_eq!(order.total().unwrap().minor, 1 + gross - discount);
    }
}
