//! Authentication by bearer token. Whether the caller may do what the endpoint does, [`access`](crate::access) decides.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::log::RequestLog;
use super::problem::{Code, Problem};
use super::shop::Shop;
use crate::access::{Action, Caller, Denied, Grant};
use crate::domain::api_key::ApiKey;
use crate::flow::query::api_key::find_api_key;
use crate::flow::query::order_token::get_valid_token;

/// Extracts the caller of an endpoint that does `A`, and refuses one who may not. It is the endpoint's first argument,
/// so that nothing else of the request is read before.
pub(crate) struct May<A: Action>(pub(crate) A::Grant);

impl<A: Action> FromRequestParts<Arc<Shop>> for May<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        Ok(Self(A::Grant::of(caller(parts, shop).await?)?))
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NeedsRole(role) => Self::new(
                Code::Forbidden,
                format!("This needs an API key whose account has the role {}.", role.name()),
            ),
            Denied::NeedsAccount => Self::new(Code::Forbidden, "This needs an API key."),
            Denied::NeedsBuyer => Self::new(
                Code::Forbidden,
                "This needs the API key of the reseller that bought the order, or the order's token.",
            ),
        }
    }
}

async fn caller(parts: &Parts, shop: &Shop) -> Result<Caller, Problem> {
    let token = bearer(&parts.headers)?;
    let caller = match ApiKey::parse(token) {
        Some(shown) => {
            let load = find_api_key(&shop.app.pool, shown.id());
            let known = shop.keys.find(shown.id(), load).await?;
            let known = known.filter(|known| shown.is_of(&known.hash));
            known.map(|known| Caller::Account {
                id: known.account,
                role: known.role,
            })
        }
        None => buyer(token, shop).await?,
    };
    let caller = caller.ok_or_else(|| unauthenticated("The token is not, or no longer, valid here."))?;
    if let (Caller::Account { id, .. }, Some(log)) = (caller, parts.extensions.get::<RequestLog>()) {
        log.note(id);
    }
    Ok(caller)
}

/// The holder of an order's token; `None` where this shop did not make it, which costs no query, or where it was revoked.
async fn buyer(token: &str, shop: &Shop) -> Result<Option<Caller>, Problem> {
    let Some(shown) = shop.app.vault.order_token_check(token) else {
        return Ok(None);
    };
    // Equal, not merely as new: a database from a backup may know an older one as the valid one, and nobody holds two.
    let valid = get_valid_token(&shop.app.pool, shown.order).await?;
    Ok((shown == valid).then_some(Caller::Buyer(shown.order)))
}

/// The bearer token. More than one header `Authorization` is an error.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (shown.next(), shown.next()) else {
        return Err(unauthenticated(
            "Send one header Authorization: Bearer, a space, and your token.",
        ));
    };
    let value = value.to_str().unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(unauthenticated("The header Authorization holds no bearer token.")),
    }
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::domain::account::Role;

    #[test]
    fn one_bearer_token_is_read() {
        let mut headers = HeaderMap::new();
        assert!(bearer(&headers).is_err());
        for (text, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
        ] {
            headers.insert(AUTHORIZATION, HeaderValue::from_static(text));
            assert_eq!(bearer(&headers).ok(), token, "{text}");
        }
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
        assert!(bearer(&headers).is_err());
    }

    #[test]
    fn a_refusal_names_the_role_that_is_needed() {
        let problem = Problem::from(Denied::NeedsRole(Role::Admin));
        assert_eq!(problem.code(), Code::Forbidden);
        assert!(problem.detail.contains("the role admin"), "{}", problem.detail);
    }
}
