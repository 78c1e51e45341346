use uuid::Uuid;

use super::*;
use crate::domain::order::{OrderStatus, SalesChannel};

const OWN: AccountId = AccountId(Uuid::from_u128(1));
const OTHER: AccountId = AccountId(Uuid::from_u128(2));
const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const OTHER_ORDER: OrderId = OrderId(Uuid::from_u128(2));

const fn account(id: AccountId, role: Role) -> Caller {
    Caller::Account { id, role }
}

/// Every kind of caller, in the order of the columns below.
const CALLERS: [Caller; 3] = [
    account(OWN, Role::Admin),
    account(OWN, Role::Reseller),
    Caller::Buyer(ORDER),
];

#[test]
fn every_action_has_its_callers() {
    const YES: bool = true;
    const NO: bool = false;
    // admin, reseller, buyer
    let table = [
        ("PlaceOrder", [NO, YES, NO]),
        ("ListOrders", [YES, YES, NO]),
        ("ReadOrder", [YES, YES, YES]),
        ("PayOrder", [NO, YES, YES]),
        ("CancelOrder", [NO, YES, YES]),
        ("RedeemItem", [NO, YES, YES]),
        ("ProveSale", [NO, YES, YES]),
        ("RevokeOrderToken", [YES, YES, NO]),
        ("RefundItem", [YES, NO, NO]),
        ("ReviewOrders", [YES, NO, NO]),
        ("ManageRepayments", [YES, NO, NO]),
        ("ReadCredit", [NO, YES, NO]),
        ("ReadProducts", [YES, YES, NO]),
        ("ManageProducts", [YES, NO, NO]),
        ("ManageCoupons", [YES, NO, NO]),
        ("ManageBatches", [YES, NO, NO]),
        ("ManageKeys", [YES, NO, NO]),
        ("ListPayments", [YES, NO, NO]),
        ("ReadMetrics", [YES, NO, NO]),
    ];
    assert_eq!(ACTIONS.len(), table.len());
    for ((action, may), (name, expected)) in ACTIONS.iter().zip(table) {
        assert_eq!(*action, name);
        assert_eq!(CALLERS.map(may), expected, "{name}");
    }
}

#[test]
fn only_its_buyer_holds_an_order() {
    let order = Order {
        customer: Customer::Account(OWN),
        ..order()
    };
    for (caller, holds) in [
        (account(OWN, Role::Reseller), true),
        (account(OTHER, Role::Reseller), false),
        // An admin with the same id, which cannot be, would not hold it either.
        (account(OWN, Role::Admin), false),
        (Caller::Buyer(ORDER), true),
        (Caller::Buyer(OTHER_ORDER), false),
    ] {
        let is_holder = OrderHolder::of(caller).is_ok_and(|holder| authorize_order(holder, &order));
        assert_eq!(is_holder, holds, "{caller:?}");
    }
}

#[test]
fn an_admin_and_the_buying_reseller_revoke_an_order_s_token() {
    let order = Order {
        customer: Customer::Account(OWN),
        ..order()
    };
    for (caller, may) in [
        (account(OWN, Role::Reseller), true),
        (account(OTHER, Role::Reseller), false),
        (account(OTHER, Role::Admin), true),
        (Caller::Buyer(ORDER), false),
    ] {
        let granted = AnyAccount::of(caller).is_ok_and(|caller| authorize_revocation(caller, &order));
        assert_eq!(granted, may, "{caller:?}");
    }
}

#[test]
fn an_admin_sees_every_order_and_no_code() {
    assert_eq!(
        CALLERS.map(read_order),
        [
            OrderSight::States,
            OrderSight::Goods(OrderHolder::Reseller(OWN)),
            OrderSight::Goods(OrderHolder::Token(ORDER))
        ]
    );
    let sees_stock = |caller| AnyAccount::of(caller).map(sees_stock);
    assert_eq!((sees_stock(CALLERS[0]), sees_stock(CALLERS[1])), (Ok(true), Ok(false)));
}

#[test]
fn a_reseller_lists_its_own_orders_and_an_admin_anybody_s() {
    let in_sight = |caller, wanted| AnyAccount::of(caller).and_then(|caller| orders_in_sight(caller, wanted));
    for (wanted, admin, reseller) in [
        (None, Ok(None), Ok(Some(OWN))),
        (Some(OWN), Ok(Some(OWN)), Ok(Some(OWN))),
        (Some(OTHER), Ok(Some(OTHER)), Err(Denied::NeedsRole(Role::Admin))),
    ] {
        assert_eq!(in_sight(CALLERS[0], wanted), admin);
        assert_eq!(in_sight(CALLERS[1], wanted), reseller);
        assert_eq!(in_sight(CALLERS[2], wanted), Err(Denied::NeedsAccount));
    }
}

fn order() -> Order {
    Order {
        id: ORDER,
        customer: Customer::Account(OTHER),
        channel: SalesChannel::Api,
        buyer: None,
        status: OrderStatus::Delivered,
        version: 1,
        lines: Vec::new(),
        amounts: None,
        expires_at_ms: None,
        created_at_ms: 0,
    }
}
