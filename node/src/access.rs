//! Who may do what: every decision, and nothing else. No I/O; `http` finds out who calls and turns refusals into
//! answers.
//!
//! `actions!` is the table: an action, and who may do it. A new action is a line there and one in the test's table;
//! its endpoint takes `May<Action>` as an argument. What depends on a thing's owner is decided by a function below that
//! takes the thing, such as [`authorize_order`].

use crate::domain::account::Role;
use crate::domain::id::{AccountId, OrderId};
use crate::domain::order::{Customer, Order};

/// Who sent a request, by its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The holder of an API key of that account.
    Account { id: AccountId, role: Role },
    /// The holder of one order's token.
    Buyer(OrderId),
}

/// Why a caller may not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It takes an API key of an account with this role.
    NeedsRole(Role),
    /// It takes an API key, whatever the role.
    NeedsAccount,
    /// It takes a reseller's API key, or an order's token.
    NeedsBuyer,
}

/// Who may do an action, as a type: a value of it is a caller who may.
pub trait Grant: Sized {
    /// The caller, if it is one of these.
    ///
    /// # Errors
    /// What it takes.
    fn of(caller: Caller) -> Result<Self, Denied>;
}

/// Something that a caller may be allowed to do.
pub trait Action {
    /// Who may do it.
    type Grant: Grant;
}

#[derive(Clone, Copy, Debug)]
pub struct Admin(pub AccountId);

#[derive(Clone, Copy, Debug)]
pub struct Reseller(pub AccountId);

/// The holder of an API key, of either role.
#[derive(Clone, Copy, Debug)]
pub struct AnyAccount {
    pub id: AccountId,
    pub role: Role,
}

/// Somebody who can hold orders; which ones, [`authorize_order`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderHolder {
    Reseller(AccountId),
    /// The holder of that order's token.
    Token(OrderId),
}

macro_rules! actions {
    ($($(#[$about:meta])* $action:ident: $grant:ident,)+) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            pub struct $action;

            impl Action for $action {
                type Grant = $grant;
            }
        )+

        /// Every action by its name, and whether a caller may do it.
        #[cfg(test)]
        const ACTIONS: &[(&str, fn(Caller) -> bool)] = &[
            $((stringify!($action), |caller| <$action as Action>::Grant::of(caller).is_ok())),+
        ];
    };
}

actions! {
    /// Buy keys, paid from the account's prepaid credit.
    PlaceOrder: Reseller,
    /// List orders: a reseller its own, an admin all; [`orders_in_sight`] decides.
    ListOrders: AnyAccount,
    /// Read an order; which one, and how much of it, [`read_order`] decides.
    ReadOrder: Caller,
    /// Pay an order that [`authorize_order`] grants another way.
    PayOrder: OrderHolder,
    /// Give up an unpaid order that [`authorize_order`] grants.
    CancelOrder: OrderHolder,
    /// Redeem a key of an order that [`authorize_order`] grants.
    RedeemItem: OrderHolder,
    /// Get the proofs of an order that [`authorize_order`] grants.
    ProveSale: OrderHolder,
    /// Revoke an order's token; of which orders, [`authorize_revocation`] decides.
    RevokeOrderToken: AnyAccount,
    /// Refund a key, whoever bought it.
    RefundItem: Admin,
    /// Read and decide reviews of paid orders.
    ReviewOrders: Admin,
    /// Read repayments, and say that one is done.
    ManageRepayments: Admin,
    /// Read the account's own prepaid credit.
    ReadCredit: Reseller,
    /// Read products and their prices.
    ReadProducts: AnyAccount,
    /// Make and change products, and count their stock.
    ManageProducts: Admin,
    /// Make, list and end coupons.
    ManageCoupons: Admin,
    /// Import, list and activate batches.
    ManageBatches: Admin,
    /// List, read and void keys by their ids; never a code.
    ManageKeys: Admin,
    /// List payments.
    ListPayments: Admin,
    /// Read the metrics.
    ReadMetrics: Admin,
}

/// How much of an order a caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSight {
    /// States and amounts of any order, never a code.
    States,
    /// Everything, codes too, of an order that [`authorize_order`] grants.
    Goods(OrderHolder),
}

/// What of an order that caller may read.
#[must_use]
pub fn read_order(caller: Caller) -> OrderSight {
    OrderHolder::of(caller).map_or(OrderSight::States, OrderSight::Goods)
}

/// The account whose orders are listed for a caller that asks for those of `wanted`, or for all that it may see; `None`
/// for everybody's.
///
/// # Errors
/// That it takes an admin, where a reseller asks for another's orders.
pub fn orders_in_sight(caller: AnyAccount, wanted: Option<AccountId>) -> Result<Option<AccountId>, Denied> {
    match caller.role {
        Role::Admin => Ok(wanted),
        Role::Reseller if wanted.is_none_or(|wanted| wanted == caller.id) => Ok(Some(caller.id)),
        Role::Reseller => Err(Denied::NeedsRole(Role::Admin)),
    }
}

/// Whether the caller may see how many keys of a product are available, and which level of that is low.
#[must_use]
pub fn sees_stock(caller: AnyAccount) -> bool {
    caller.role == Role::Admin
}

/// Whether the holder bought the order or has its token.
#[must_use]
pub fn authorize_order(holder: OrderHolder, order: &Order) -> bool {
    match holder {
        OrderHolder::Reseller(account) => order.customer == Customer::Account(account),
        OrderHolder::Token(own) => own == order.id,
    }
}

/// Whether the account may revoke the order's token: the reseller that bought it, and an admin of any.
#[must_use]
pub fn authorize_revocation(caller: AnyAccount, order: &Order) -> bool {
    caller.role == Role::Admin || authorize_order(OrderHolder::Reseller(caller.id), order)
}

impl Grant for Caller {
    fn of(caller: Caller) -> Result<Self, Denied> {
        Ok(caller)
    }
}

impl Grant for Admin {
    fn of(caller: Caller) -> Result<Self, Denied> {
        with_role(caller, Role::Admin).map(Self)
    }
}

impl Grant for Reseller {
    fn of(caller: Caller) -> Result<Self, Denied> {
        with_role(caller, Role::Reseller).map(Self)
    }
}

impl Grant for AnyAccount {
    fn of(caller: Caller) -> Result<Self, Denied> {
        match caller {
            Caller::Account { id, role } => Ok(Self { id, role }),
            Caller::Buyer(_) => Err(Denied::NeedsAccount),
        }
    }
}

impl Grant for OrderHolder {
    fn of(caller: Caller) -> Result<Self, Denied> {
        match caller {
            Caller::Account { id, role } => match role {
                Role::Reseller => Ok(Self::Reseller(id)),
                Role::Admin => Err(Denied::NeedsBuyer),
            },
            Caller::Buyer(order) => Ok(Self::Token(order)),
        }
    }
}

/// The caller's account, if it has that role.
fn with_role(caller: Caller, needed: Role) -> Result<AccountId, Denied> {
    match caller {
        Caller::Account { id, role } if role == needed => Ok(id),
        _ => Err(Denied::NeedsRole(needed)),
    }
}

#[cfg(test)]
mod tests;
