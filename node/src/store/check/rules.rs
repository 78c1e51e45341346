//! The rules that statements check, in the order in which they are checked.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in reports.
    pub name: &'static str,
    /// What a breach means, and what to do about it.
    pub advice: &'static str,
    /// Selects the breaches as (subject, detail), at most `$1`.
    pub(super) sql: &'static str,
}

/// Every rule that a statement checks.
pub const RULES: [Rule; 35] = [
    Rule {
        name: "key_in_two_orders",
        advice: "One key was handed out twice. Refund one of the orders, and give its buyer another key; then \
                 find out who wrote past the unique index events_sold_once.",
        sql: include_str!("../sql/check_key_in_two_orders.sql"),
    },
    Rule {
        name: "sold_without_sale",
        advice: "A key and the orders disagree about whether it was sold. Do not sell or refund it by hand before \
                 its events tell which is true.",
        sql: include_str!("../sql/check_sold_without_sale.sql"),
    },
    Rule {
        name: "sold_without_receipt",
        advice: "A receipt that was handed out cannot be shown again. Restore the batch's row from a backup; a new \
                 signature would not be the one that the buyer has.",
        sql: include_str!("../sql/check_sold_without_receipt.sql"),
    },
    Rule {
        name: "order_quantity",
        advice: "A buyer paid for another number of keys than the order holds. Refund what is missing, and look \
                 in the log for how the sale ended.",
        sql: include_str!("../sql/check_order_quantity.sql"),
    },
    Rule {
        name: "order_keys",
        advice: "An order and the sales of its keys disagree about which key is which item, so that its buyer may be \
                 shown another's. The events are the truth: correct the order's keys.",
        sql: include_str!("../sql/check_order_keys.sql"),
    },
    Rule {
        name: "order_refused",
        advice: "An order that was refused holds keys or has a price. The buyer was told no: void the keys, and \
                 pay back what was taken.",
        sql: include_str!("../sql/check_order_refused.sql"),
    },
    Rule {
        name: "order_empty",
        advice: "An order was answered without a key and without a reason. Refund it, and tell its buyer.",
        sql: include_str!("../sql/check_order_empty.sql"),
    },
    Rule {
        name: "order_state",
        advice: "An order says something else about its refunds than its keys do. The keys' events are the truth: \
                 correct the order's state.",
        sql: include_str!("../sql/check_order_state.sql"),
    },
    Rule {
        name: "order_amounts",
        advice: "An order's total is not what its lines add up to. The lines and the sales' events say what was \
                 agreed: settle the difference with the buyer.",
        sql: include_str!("../sql/check_order_amounts.sql"),
    },
    Rule {
        name: "limited_purchases",
        advice: "What was counted for an account's limit is not what its order holds, so that the account may buy more or \
                 less than it may. The order says what was bought: tell the account's holder.",
        sql: include_str!("../sql/check_limited_purchases.sql"),
    },
    Rule {
        name: "coupon_uses",
        advice: "An order costs less than it should, or used a coupon for nothing. Look what the order's lines say, and \
                 settle the difference with the account's holder.",
        sql: include_str!("../sql/check_coupon_uses.sql"),
    },
    Rule {
        name: "coupon_numbers",
        advice: "A use of a coupon is missing, so that the coupon can be used less often than it says. Restore the row from \
                 a backup, or make a new coupon for the rest of the uses.",
        sql: include_str!("../sql/check_coupon_numbers.sql"),
    },
    Rule {
        name: "order_batch",
        advice: "An order has no place in the lists, where its batch is missing, and a repeat of its request finds no \
                 key; or it is not found by its time. Restore the batch's row from a backup.",
        sql: include_str!("../sql/check_order_batch.sql"),
    },
    Rule {
        name: "wallet_balance",
        advice: "A wallet's ledger is not what the posted transfers add up to. Stop selling from this wallet, find the \
                 transfer that has no entry or the entry that has no transfer, and write what is missing.",
        sql: include_str!("../sql/check_wallet_balance.sql"),
    },
    Rule {
        name: "transfer_wallets",
        advice: "Money moved from or to a wallet that is not there, or between two currencies. Restore the \
                 wallet, or write the opposite transfer.",
        sql: include_str!("../sql/check_transfer_wallets.sql"),
    },
    Rule {
        name: "currency_sum",
        advice: "Money of a currency came from nowhere or is gone: what wallets hold must come from the wallet \
                 `external`. The findings wallet_balance and transfer_wallets say where.",
        sql: include_str!("../sql/check_currency_sum.sql"),
    },
    Rule {
        name: "transfer_sales",
        advice: "The orders of a batch were not paid exactly once at their prices. Compare them with the transfers, \
                 and settle the difference with the account's holder.",
        sql: include_str!("../sql/check_transfer_sales.sql"),
    },
    Rule {
        name: "transfer_refunds",
        advice: "A refunded item was not paid back exactly once at what it cost. Compare the key's events with the \
                 transfers, and settle the difference with the buyer.",
        sql: include_str!("../sql/check_transfer_refunds.sql"),
    },
    Rule {
        name: "transfer_payments",
        advice: "What a gateway collected is not in the books as often as it was received. Compare the payments with the \
                 gateway's own list, and write what is missing.",
        sql: include_str!("../sql/check_transfer_payments.sql"),
    },
    Rule {
        name: "transfer_repayments",
        advice: "What went back through a gateway is not in the books exactly once. Compare the repayments with the \
                 gateway's own list, and write what is missing.",
        sql: include_str!("../sql/check_transfer_repayments.sql"),
    },
    Rule {
        name: "payment_review",
        advice: "An order was paid twice, and nobody was asked. Pay the later payment back at its gateway.",
        sql: include_str!("../sql/check_payment_review.sql"),
    },
    Rule {
        name: "undelivered_money",
        advice: "The money of orders that were paid and not delivered is not what their payments add up to. Compare \
                 payments, deliveries and repayments before anything is paid back.",
        sql: include_str!("../sql/check_undelivered_money.sql"),
    },
    Rule {
        name: "order_paid",
        advice: "An order and its payments disagree about whether it was paid, or its keys were sold by another batch than \
                 it names. The payments say what was received: deliver the order, or pay it back.",
        sql: include_str!("../sql/check_order_paid.sql"),
    },
    Rule {
        name: "batch_count",
        advice: "A batch says another number of keys than it has. If an import is running, ask again when it has \
                 ended; else keys were added or lost outside this program.",
        sql: include_str!("../sql/check_batch_count.sql"),
    },
    Rule {
        name: "slot_twice",
        advice: "Two keys are in one slot, so that one would be sold for the other. Close the product, and give one of \
                 them a slot of its own at the pool's tail.",
        sql: include_str!("../sql/check_slot_twice.sql"),
    },
    Rule {
        name: "slot_range",
        advice: "A key is outside its pool's slots, where it is never sold. Close the product, and move the pool's tail \
                 behind its last key.",
        sql: include_str!("../sql/check_slot_range.sql"),
    },
    Rule {
        name: "pool_activated",
        advice: "A key can be sold, and is where no sale finds it. Void it, or give it a new slot at the pool's tail.",
        sql: include_str!("../sql/check_pool_activated.sql"),
    },
    Rule {
        name: "pool_sold",
        advice: "A key that was sold is between its pool's cursor and tail, where the next sale finds it. Close the \
                 product, and give the key the slot that it was sold from.",
        sql: include_str!("../sql/check_pool_sold.sql"),
    },
    Rule {
        name: "pool_holes",
        advice: "A pool counts another number of voided keys than it has, so that the stock shown is wrong. Set holes to \
                 the number that was counted.",
        sql: include_str!("../sql/check_pool_holes.sql"),
    },
    Rule {
        name: "pool_stock",
        advice: "The stock shown is not the number of keys that can be sold. Close the product until holes, cursor and \
                 tail agree with the keys.",
        sql: include_str!("../sql/check_pool_stock.sql"),
    },
    Rule {
        name: "take_keys",
        advice: "What a batch took from a pool is not what it sold, so that a key is lost or was sold out of turn. The keys' \
                 events say what was sold: give a key that was not a new slot at the pool's tail.",
        sql: include_str!("../sql/check_take_keys.sql"),
    },
    Rule {
        name: "hold_range",
        advice: "A hold keeps slots that were not taken from its pool, which may be selling from them. Close the product, and \
                 release the hold: its owner gets other keys.",
        sql: include_str!("../sql/check_hold_range.sql"),
    },
    Rule {
        name: "hold_keys",
        advice: "A key was sold, voided or moved although it is held for somebody, who will not get all that was \
                 promised. The key's events say what happened to it: settle it with the hold's owner.",
        sql: include_str!("../sql/check_hold_keys.sql"),
    },
    Rule {
        name: "hold_order",
        advice: "Keys are held for an order that does not wait for them, or a hold ended with another order. Release the \
                 hold where nobody waits, and settle it with the buyer of the order where keys are missing.",
        sql: include_str!("../sql/check_hold_order.sql"),
    },
    Rule {
        name: "event_without_key",
        advice: "Something happened to a key that is not there. Its history is anchored all the same: restore the \
                 key from a backup.",
        sql: include_str!("../sql/check_event_without_key.sql"),
    },
];
