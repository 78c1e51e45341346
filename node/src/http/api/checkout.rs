//! Orders of guests, who pay through a gateway.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::SecretString;
use shelfproof_base::clock::now_ms;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::gateways;
use super::json::Json;
use super::orders::request::idempotency_key;
use super::orders::sentence;
use crate::api_types::{PlacedCheckout, ShownPage};
use crate::checkout::{Collector, PageError, PageRequest, pay_page};
use crate::domain::delivery::ReserveOutcome;
use crate::domain::id::OrderId;
use crate::domain::order::{OrderStatus, RefusalReason};
use crate::domain::order_token::OrderToken;
use crate::domain::payment::{Payment, PaymentId};
use crate::domain::sale::Reservation;
use crate::flow::query::order::get_order;
use crate::flow::query::payment::find_payment_of_order;
use crate::flow::remember_guest::remember_guest;
use crate::gateway::GatewayError;
use crate::http::edge::client_address::ClientAddress;
use crate::http::edge::fence::OpenForSales;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

mod request;

pub(super) use request::{contact, password};

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(place))
}

problems!(PlaceProblems: InvalidField, MissingIdempotencyKey, MalformedBody, BodyTooLarge, UnsupportedMediaType,
    IdempotencyMismatch, Conflict, ClockDrift, Fenced, TooManyPending, GatewayUnavailable,
    Refused(RefusalReason::UnknownProduct), Refused(RefusalReason::ProductClosed), Refused(RefusalReason::OutOfStock),
    Refused(RefusalReason::PriceChanged), Refused(RefusalReason::OrderLimit), Refused(RefusalReason::AccountNeeded),
    Refused(RefusalReason::MixedCurrencies), Refused(RefusalReason::NothingToPay),
    Refused(RefusalReason::PaymentCurrency));

/// Order as a guest
///
/// For everybody, without a token. Holds the keys until `expiresAt`, and answers the page to pay on and the order's token,
/// which opens the order and, once it is paid, its keys. The same request under the same `Idempotency-Key` orders once, and a
/// repeat gets the same answer: whoever knows the key and the contact gets the token, so make the key at random. A refused
/// order leaves nothing behind. Where the gateway makes no page (`gateway_unavailable`), the order is placed; the problem holds
/// its `order` and `token`, and the same request again asks the gateway again. Where the gateway refuses (`conflict`), the order
/// is placed too, and needs another gateway.
#[utoipa::path(
    post, path = "/checkout", tag = "checkout", operation_id = "placeCheckout",
    params(("Idempotency-Key" = String, Header, min_length = 16, max_length = 100,
        description = "Your own name of this order, visible ASCII, random such as a UUID")),
    request_body(content = request::Body, example = json!({
        "lines": [{"product": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "quantity": 1, "price": "9.90"}],
        "contact": "ann@example.com", "password": "correct horse", "gateway": "main"})),
    responses((status = 201, description = "Placed, to be paid", body = PlacedCheckout), PlaceProblems),
)]
async fn place(
    _: OpenForSales,
    State(shop): State<Arc<Shop>>,
    ClientAddress(client): ClientAddress,
    headers: HeaderMap,
    Json(body): Json<request::Body>,
) -> Result<Response, Problem> {
    let app = &shop.app;
    let key = request::random_key(idempotency_key(&headers)?)?;
    let collector = gateways::find(&shop, &body.gateway)?;
    let request = body.parse(&app.vault, &key)?;
    let reservation = Reservation {
        order: request.order,
        payment: PaymentId::generate(),
        gateway: collector.account.id,
        currency: collector.account.currency,
        address: app.vault.client_address(client),
    };
    let reserved = match app.orders.reserve(reservation).await? {
        ReserveOutcome::Reserved(reserved) => reserved,
        ReserveOutcome::Refused(reason) => return Err(Problem::new(Code::Refused(reason), sentence(reason))),
    };
    if let Some(lookup) = request.lookup {
        remember_guest(&app.pool, reserved.order, lookup).await?;
    }
    let token = app.vault.order_token(OrderToken::first(reserved.order));
    let payment = find_payment_of_order(&app.pool, reserved.order, collector.account.id).await?;
    let payment =
        payment.ok_or_else(|| Problem::new(Code::Conflict, "The order has no payment through this gateway."))?;
    let url = page_of(&shop, collector, &payment, reserved.expires_at_ms, client)
        .await
        .map_err(|problem| with_order(problem, reserved.order, &token))?;
    let placed = PlacedCheckout::new(&reserved, &token, ShownPage::new(&payment, &url));
    Ok(json_response(StatusCode::CREATED, &placed))
}

/// The page of the order's payment. None is made any more where the order does not wait for it.
async fn page_of(
    shop: &Shop,
    collector: &Collector,
    payment: &Payment,
    expires_at_ms: u64,
    client: IpAddr,
) -> Result<String, Problem> {
    if payment.url.is_none() {
        let order = get_order(&shop.app.pool, payment.order).await?;
        let waits = order.is_some_and(|order| order.status == OrderStatus::AwaitingPayment);
        if !waits || expires_at_ms <= now_ms() {
            return Err(Problem::new(
                Code::Conflict,
                "The order does not wait for payment any more. Order again, under another idempotency key.",
            ));
        }
    }
    make_page(shop, collector, payment, expires_at_ms, client).await
}

/// The payment's page, which the gateway makes unless it has made one.
///
/// # Errors
/// `gateway_unavailable` where it makes none now, and `conflict` where it refuses.
pub(super) async fn make_page(
    shop: &Shop,
    collector: &Collector,
    payment: &Payment,
    expires_at_ms: u64,
    client: IpAddr,
) -> Result<String, Problem> {
    let request = PageRequest {
        subject: &shop.app.config.shop.name,
        expires_at_ms,
        client: Some(client),
    };
    let made = pay_page(&shop.app.pool, collector, payment, request).await;
    made.map_err(no_page)
}

fn no_page(error: PageError) -> Problem {
    match error {
        PageError::Store(error) => error.into(),
        PageError::Gateway(GatewayError::Refused(ref words)) => {
            let detail = format!(
                "The gateway refuses this payment, and would refuse it again: \u{201c}{words}\u{201d}. Choose another gateway for \
                 the order, or order anew."
            );
            Problem::caused(Code::Conflict, detail, error)
        }
        error => Problem::caused(
            Code::GatewayUnavailable,
            "The gateway made no page to pay on. The order is placed and its keys are held: repeat the request, or choose \
             another gateway for the order.",
            error,
        ),
    }
}

/// The problem with what is needed to go on.
fn with_order(problem: Problem, order: OrderId, token: &SecretString) -> Problem {
    let mut problem = problem.about(order);
    problem.token = Some(Box::new(token.clone()));
    problem
}
