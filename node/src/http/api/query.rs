//! Query parameters: each known, and none twice.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use utoipa::IntoParams;

use crate::http::edge::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::http::edge::problem::{Code, Problem};

/// What stands after the `?`, to be taken by name.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The value of that parameter.
    ///
    /// # Errors
    /// Where it is there twice.
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(at) = self.0.iter().position(|(own, _)| own == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(at);
        if self.0.iter().any(|(own, _)| own == name) {
            return Err(Problem::invalid(name, "The parameter stands there twice."));
        }
        Ok(Some(value))
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// Names the first such parameter.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            Some((name, _)) => Err(Problem::invalid(name, "There is no such parameter here.")),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| {
                Problem::new(
                    Code::MalformedBody,
                    "The query cannot be read as name=value&name=value.",
                )
            })
    }
}

/// Which page of a list: `limit` entries after the one that the cursor names.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Entries at most.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub(crate) limit: u32,
    /// The cursor, as the page before gave it.
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut params = Params::from_request_parts(parts, state).await?;
        let page = Self {
            limit: limit(params.take("limit")?.as_deref())?,
            after: params.take("after")?,
        };
        params.finish()?;
        Ok(page)
    }
}

impl Page {
    /// The cursor as what it names.
    ///
    /// # Errors
    /// Where it is no cursor of such a list.
    pub(crate) fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let cursor = self.after.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| Problem::invalid("after", "It is no cursor of this list: take `next` of the page before."))
    }
}

fn limit(text: Option<&str>) -> Result<u32, Problem> {
    let Some(text) = text else { return Ok(PAGE_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    limit.ok_or_else(|| Problem::invalid("limit", format!("A page has 1 to {PAGE_MAX} entries.")))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn page(uri: &str) -> Result<Page, Problem> {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        Page::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_page_has_bounds() {
        assert_eq!(page("/x").await.unwrap().limit, PAGE_DEFAULT);
        assert_eq!(page("/x?limit=100&after=a").await.unwrap().after.as_deref(), Some("a"));
        for (uri, field) in [
            ("/x?limit=0", "limit"),
            ("/x?limit=101", "limit"),
            ("/x?limit=-1", "limit"),
            ("/x?limit=1&limit=2", "limit"),
            ("/x?offset=1", "offset"),
        ] {
            let body = serde_json::to_value(page(uri).await.unwrap_err().body("id")).unwrap();
            assert_eq!(body["field"], field, "{uri}: {body}");
        }
    }
}
