//! The page that a buyer's browser comes back to from a gateway. It decides nothing: whether the order is paid, the gateway
//! tells the shop itself.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::error_page::POLICY;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

/// It holds nothing of the request.
const PAGE: &str = "<!doctype html>
<html lang=\"zh\">
<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>正在确认付款 · Checking the payment</title>
<style>body{font-family:sans-serif;max-width:34em;margin:4em auto;padding:0 1em}code{background:#eee}</style>
</head>
<body>
<h1>正在确认付款</h1>
<p>商家正在向支付平台确认您的付款，通常只需几秒钟。付款确认后，订单会自动发货。</p>
<p>请回到下单的页面查看订单；也可以用下单时填写的联系方式和查询密码查询，或用订单令牌访问
<code>GET /api/v1/orders/订单号</code>。</p>
<div lang=\"en\">
<h2>The payment is being checked</h2>
<p>The shop asks the payment service about your payment, which takes some seconds as a rule. The order is delivered once it
is confirmed.</p>
<p>Go back to the page where you ordered; or look the order up by the contact and the password that you gave with it
(<code>POST /api/v1/lookup</code>), or by its token (<code>GET /api/v1/orders/ORDER</code>).</p>
</div>
</body>
</html>
";

pub(super) async fn get(State(shop): State<Arc<Shop>>, Path(gateway): Path<String>) -> Result<Response, Problem> {
    if shop.app.gateways.get(&gateway).is_none() {
        return Err(Problem::not_found("gateway"));
    }
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, PAGE).into_response())
}
