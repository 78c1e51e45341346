//! Who sends a request, by its bearer token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::Trail;
use super::problem::{Code, Problem};
use super::shop::Shop;
use crate::domain::account::{Caller, Role};
use crate::domain::api_key::ApiKey;
use crate::domain::id::AccountId;
use crate::store::api_key::{KnownKey, api_key_find};

mod keys;

pub(crate) use keys::KeyCache;

/// An admin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admin;

/// A reseller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reseller(pub(crate) AccountId);

impl FromRequestParts<Arc<Shop>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let caller = match ApiKey::parse(token) {
            Some(shown) => {
                let load = api_key_find(&shop.app.pool, shown.id());
                let known = shop.keys.find(shown.id(), load).await?;
                known.filter(|known| shown.is_of(&known.hash)).map(Self::from)
            }
            None => shop.app.vault.order_token_check(token).map(Self::Buyer),
        };
        let caller = caller.ok_or_else(|| unauthenticated("The token is not, or no longer, valid here."))?;
        if let (Self::Account { id, .. }, Some(trail)) = (caller, parts.extensions.get::<Trail>()) {
            trail.note(id);
        }
        Ok(caller)
    }
}

/// A caller with an API key, of either role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) id: AccountId,
    pub(crate) role: Role,
}

impl From<KnownKey> for Caller {
    fn from(known: KnownKey) -> Self {
        Self::Account {
            id: known.account,
            role: known.role,
        }
    }
}

impl FromRequestParts<Arc<Shop>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        role(Caller::from_request_parts(parts, shop).await?, Role::Admin).map(|_| Self)
    }
}

impl FromRequestParts<Arc<Shop>> for Reseller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        role(Caller::from_request_parts(parts, shop).await?, Role::Reseller).map(Self)
    }
}

impl FromRequestParts<Arc<Shop>> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, shop).await? {
            Caller::Account { id, role } => Ok(Self { id, role }),
            Caller::Buyer(_) => Err(Problem::new(Code::Forbidden, "This needs an API key.")),
        }
    }
}

/// The caller's account, if it has that role.
fn role(caller: Caller, needed: Role) -> Result<AccountId, Problem> {
    match caller {
        Caller::Account { id, role } if role == needed => Ok(id),
        _ => Err(Problem::new(
            Code::Forbidden,
            format!("This needs an API key whose account has the role {}.", needed.name()),
        )),
    }
}

/// The token of the one header `Authorization`.
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
    fn the_role_that_is_needed_is_named() {
        let id = AccountId::new(1, [0; 10]);
        let caller = Caller::Account {
            id,
            role: Role::Reseller,
        };
        assert_eq!(role(caller, Role::Reseller).unwrap(), id);
        let problem = role(caller, Role::Admin).unwrap_err();
        assert_eq!(problem.code(), Code::Forbidden);
        let body = serde_json::to_string(&problem.body("id")).unwrap();
        assert!(body.contains("the role admin"), "{body}");
    }
}
