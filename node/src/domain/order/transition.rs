//! What changes an order: one method a change. Each gives the lines the fulfilment that goes with the order's new state;
//! the schema's trigger `shop.keep_order` refuses any other.

use super::{Fulfilment, Line, Order, OrderStatus};
use crate::domain::id::OrderId;

/// A change that an order does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    #[error("order {order} is {from} and cannot become {to}")]
    Status {
        order: OrderId,
        from: OrderStatus,
        to: OrderStatus,
    },
    #[error("order {order} can still be paid: its deadline is not over")]
    NotExpired { order: OrderId },
    #[error(
        "order {order} takes one count of delivered keys a line, none less than before or more than the line's quantity, \
         and not all of them 0"
    )]
    Delivery { order: OrderId },
    /// A refund ends the delivery, so what is not delivered is decided on first.
    #[error("order {order} is {status}: its items can be refunded once the rest of it is delivered or refunded")]
    Undelivered { order: OrderId, status: OrderStatus },
}

impl Order {
    /// Paid in full. An order that had expired or was cancelled waits for its delivery again.
    ///
    /// # Errors
    /// `Status` where the order was paid or refused before.
    pub fn pay(self) -> Result<Self, TransitionError> {
        self.become_status(OrderStatus::Paid, |_| Fulfilment::Pending)
    }

    /// Paid in full, and every line delivered, at once: from the states from which it can be paid.
    ///
    /// # Errors
    /// `Status` where the order was paid or refused before.
    pub fn pay_and_deliver(self) -> Result<Self, TransitionError> {
        match self.status {
            OrderStatus::Paid | OrderStatus::PartiallyDelivered => Err(self.no_way_to(OrderStatus::Delivered)),
            _ => self.become_status(OrderStatus::Delivered, |_| Fulfilment::Delivered),
        }
    }

    /// Not paid in time; `now_ms` is the present time, Unix milliseconds.
    ///
    /// # Errors
    /// `Status` where the order does not wait for payment, `NotExpired` before its deadline.
    pub fn expire(self, now_ms: u64) -> Result<Self, TransitionError> {
        let deadline = self.expires_at_ms;
        let expired = self.become_status(OrderStatus::Expired, |_| Fulfilment::Cancelled)?;
        if deadline.is_some_and(|deadline| deadline <= now_ms) {
            Ok(expired)
        } else {
            Err(TransitionError::NotExpired { order: expired.id })
        }
    }

    /// Given up before it was paid.
    ///
    /// # Errors
    /// `Status` where the order does not wait for payment.
    pub fn cancel(self) -> Result<Self, TransitionError> {
        self.become_status(OrderStatus::Cancelled, |_| Fulfilment::Cancelled)
    }

    /// Every line delivered.
    ///
    /// # Errors
    /// `Status` where the order is not paid, or was delivered already.
    pub fn deliver_all(self) -> Result<Self, TransitionError> {
        self.is_paid(OrderStatus::Delivered)?;
        self.become_status(OrderStatus::Delivered, |_| Fulfilment::Delivered)
    }

    /// More of its keys delivered: `delivered` is how many of each line are delivered now in all.
    ///
    /// # Errors
    /// `Delivery` for counts that cannot follow, `Status` where the order is not paid, or was delivered already.
    pub fn deliver(mut self, delivered: &[u32]) -> Result<Self, TransitionError> {
        let wrong = TransitionError::Delivery { order: self.id };
        if delivered.len() != self.lines.len() || delivered.iter().all(|count| *count == 0) {
            return Err(wrong);
        }
        for (line, count) in self.lines.iter_mut().zip(delivered) {
            line.fulfilment = line.after_delivery(*count).ok_or(wrong)?;
        }
        let is_whole = self.lines.iter().all(|line| line.fulfilment == Fulfilment::Delivered);
        let to = if is_whole {
            OrderStatus::Delivered
        } else {
            OrderStatus::PartiallyDelivered
        };
        self.is_paid(to)?;
        self.become_status(to, |line| line.fulfilment)
    }

    /// What was paid and not delivered is refunded, and nothing more is delivered.
    ///
    /// # Errors
    /// `Status` where the order is not paid, or all of it was delivered or refunded before.
    pub fn refund_undelivered(self) -> Result<Self, TransitionError> {
        let (order, from) = (self.id, self.status);
        let to = if from == OrderStatus::Paid {
            OrderStatus::Refunded
        } else {
            OrderStatus::PartiallyRefunded
        };
        if let OrderStatus::Delivered | OrderStatus::PartiallyRefunded = from {
            return Err(TransitionError::Status { order, from, to });
        }
        self.become_status(to, |line| match line.fulfilment {
            Fulfilment::Pending => Fulfilment::Cancelled,
            state => state,
        })
    }

    /// One more delivered item refunded, which makes `refunded` of the order's `delivered` ones.
    ///
    /// # Errors
    /// `Undelivered` where more is to be delivered, `Status` where nothing was delivered or all of it was refunded before.
    pub fn refund_item(self, refunded: u32, delivered: u32) -> Result<Self, TransitionError> {
        if let OrderStatus::Paid | OrderStatus::PartiallyDelivered = self.status {
            let (order, status) = (self.id, self.status);
            return Err(TransitionError::Undelivered { order, status });
        }
        let to = if refunded >= delivered {
            OrderStatus::Refunded
        } else {
            OrderStatus::PartiallyRefunded
        };
        self.become_status(to, |line| line.fulfilment)
    }

    /// Refuses an order that was not paid by an earlier change, and waits for nothing.
    const fn is_paid(&self, to: OrderStatus) -> Result<(), TransitionError> {
        if self.status.waits_for_payment() {
            return Err(self.no_way_to(to));
        }
        Ok(())
    }

    const fn no_way_to(&self, to: OrderStatus) -> TransitionError {
        TransitionError::Status {
            order: self.id,
            from: self.status,
            to,
        }
    }

    fn become_status(
        mut self,
        to: OrderStatus,
        fulfilment: impl Fn(&Line) -> Fulfilment,
    ) -> Result<Self, TransitionError> {
        if !self.status.may_become(to) {
            return Err(self.no_way_to(to));
        }
        for line in &mut self.lines {
            line.fulfilment = fulfilment(line);
        }
        self.status = to;
        self.version += 1;
        Ok(self)
    }
}
