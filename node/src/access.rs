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
    /// The holder of an API key.
    Account {
        /// The key's account.
        id: AccountId,
        /// The account's role.
        role: Role,
    },
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

/// An admin.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

/// A reseller.
#[derive(Clone, Copy, Debug)]
pub struct Reseller(pub AccountId);

/// The holder of an API key, of either role.
#[derive(Clone, Copy, Debug)]
pub struct AnyAccount {
    /// The key's account.
    pub id: AccountId,
    /// The account's role.
    pub role: Role,
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
    /// List orders: a reseller its own ([`orders_in_sight`]), an admin all.
    ListOrders: AnyAccount,
    /// List the orders that could not be settled.
    ListAbnormalOrders: Admin,
    /// Read an order; which one, and how much of it, [`read_order`] decides.
    ReadOrder: Caller,
    /// Redeem a key of an order that [`authorize_order`] grants.
    RedeemItem: Caller,
    /// Get the proofs of an order that [`authorize_order`] grants.
    ProveSale: Caller,
    /// Refund a key, whoever bought it.
    RefundItem: Admin,
    /// Read the account's own prepaid credit.
    ReadCredit: Reseller,
    /// Read products and their prices.
    ReadProducts: AnyAccount,
    /// Make and change products, and count their stock.
    ManageProducts: Admin,
    /// Import, list and activate batches.
    ManageBatches: Admin,
    /// Read and void keys by their ids; never a code.
    ManageKeys: Admin,
    /// Read the metrics.
    ReadMetrics: Admin,
}

/// How much of an order a caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSight {
    /// States and amounts of any order, never a code.
    States,
    /// Everything, codes too, of an order that [`authorize_order`] grants.
    Goods,
}

/// How much of an order a caller may read.
#[must_use]
pub const fn read_order(caller: Caller) -> OrderSight {
    match caller {
        Caller::Account { role: Role::Admin, .. } => OrderSight::States,
        Caller::Account {
            role: Role::Reseller, ..
        }
        | Caller::Buyer(_) => OrderSight::Goods,
    }
}

/// The account whose orders alone a caller may list; `None` for one who may list all.
#[must_use]
pub fn orders_in_sight(caller: AnyAccount) -> Option<AccountId> {
    (caller.role == Role::Reseller).then_some(caller.id)
}

/// Whether the caller bought the order or has its token. To anybody else, admins too, the order's goods do not exist.
#[must_use]
pub fn authorize_order(caller: Caller, order: &Order) -> bool {
    match caller {
        Caller::Account { id, role } => role == Role::Reseller && order.customer == Customer::Account(id),
        Caller::Buyer(own) => own == order.id,
    }
}

impl Grant for Caller {
    fn of(caller: Caller) -> Result<Self, Denied> {
        Ok(caller)
    }
}

impl Grant for Admin {
    fn of(caller: Caller) -> Result<Self, Denied> {
        with_role(caller, Role::Admin).map(|_| Self)
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

/// The caller's account, if it has that role.
fn with_role(caller: Caller, needed: Role) -> Result<AccountId, Denied> {
    match caller {
        Caller::Account { id, role } if role == needed => Ok(id),
        _ => Err(Denied::NeedsRole(needed)),
    }
}

#[cfg(test)]
mod tests;
