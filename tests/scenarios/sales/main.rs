//! Sales: orders, their answers, refunds, and many buyers at the same time.
//!
//! `order_queue` sells inside this process, over a real database; the others run the program `shelfproof` and call its
//! API. A test of an endpoint goes to `api`, one of an order's outcome to `order_queue`, and one of an order's states
//! to `order_states`.

mod api;
mod catalogue;
mod fairness;
mod full_node;
mod lists;
mod neighbours;
mod order_queue;
mod order_states;
mod order_tokens;
mod payments;
mod races;
mod refunds;
mod requests;
mod spelling;
mod two_nodes;
