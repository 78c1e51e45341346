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

#[test]
fn a_prepaid_order_goes_through_every_state_at_once() {
    let order = placed(&[(2, 990, 0)]).pay().unwrap().deliver_all().unwrap();
    assert_eq!((order.status, order.version), (OrderStatus::Delivered, 3));
    assert!(order.lines.iter().all(|line| line.fulfilment == Fulfilment::Delivered));
    let partly = order.refund_item(1).unwrap();
    assert_eq!((partly.status, partly.version), (OrderStatus::PartiallyRefunded, 4));
    assert_eq!(partly.refund_item(2).unwrap().status, OrderStatus::Refunded);
}

#[test]
fn a_transition_out_of_order_says_from_where_to_where() {
    let unpaid = placed(&[(1, 990, 0)]);
    let error = unpaid.clone().deliver_all().unwrap_err();
    assert_eq!(
        (error.order, error.from, error.to),
        (unpaid.id, OrderStatus::AwaitingPayment, OrderStatus::Delivered)
    );
    assert!(
        error
            .to_string()
            .ends_with("is awaiting_payment and cannot become delivered")
    );
    let refused = Order::refuse(&new_order(&[1]), RefusalReason::OutOfStock, 1);
    assert!(refused.clone().pay().is_err() && refused.refund_item(1).is_err());
    let refunded = unpaid.pay().unwrap().deliver_all().unwrap().refund_item(1).unwrap();
    assert!(refunded.refund_item(1).is_err());
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
