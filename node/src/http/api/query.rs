//! Query parameters. Unknown ones and repeated ones are refused.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use utoipa::IntoParams;

use crate::domain::name;
use crate::http::edge::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::http::edge::problem::{Code, Problem};

/// The rule of parameters that are ids.
pub(crate) const AN_ID: &str = "It must be an id: a UUID.";

/// The query's parameters, to be taken by name.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The value of that parameter.
    ///
    /// # Errors
    /// Where it is given twice.
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

    /// The value of that parameter, read as a `T`; `rule` says what it must be.
    ///
    /// # Errors
    /// Where it is given twice, or breaks the rule.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &str, rule: &'static str) -> Result<Option<T>, Problem> {
        let value = self.take(name)?;
        let parsed = value.map(|value| value.parse()).transpose();
        parsed.map_err(|_| Problem::invalid(name, rule))
    }

    /// The value of a parameter that is one of a few names.
    ///
    /// # Errors
    /// Where it is given twice, or is none of them.
    pub(crate) fn choice<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        names: &[&str],
    ) -> Result<Option<T>, Problem> {
        let refuse = || Problem::invalid(name, format!("It must be one of {}.", names.join(", ")));
        let value = self.take(name)?;
        value.map(|value| parse(&value).ok_or_else(refuse)).transpose()
    }

    /// The value of a parameter that is a name of at most `max` characters, or a part of one.
    ///
    /// # Errors
    /// Where it is given twice, or breaks the rules of names.
    pub(crate) fn name(&mut self, name: &str, max: usize) -> Result<Option<String>, Problem> {
        let value = self.take(name)?.map(|value| name::parse(&value, max)).transpose();
        value.map_err(|error| Problem::invalid(name, format!("{error}.")))
    }

    /// Refuses parameters that were not taken.
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

/// A page of a list: `limit` entries after the cursor.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Most entries.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub(crate) limit: u32,
    /// The cursor: `next` of the page before.
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut params = Params::from_request_parts(parts, state).await?;
        let page = Self::take(&mut params)?;
        params.finish()?;
        Ok(page)
    }
}

impl Page {
    /// Takes a page's parameters.
    ///
    /// # Errors
    /// Where one is given twice, or breaks a rule.
    pub(crate) fn take(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: limit(params.take("limit")?.as_deref())?,
            after: params.take("after")?,
        })
    }

    /// The cursor, parsed.
    ///
    /// # Errors
    /// Where it is no cursor of this list.
    pub(crate) fn after<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        let cursor = self.after.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| no_cursor())
    }
}

/// That there is no such place in the list.
pub(crate) fn no_cursor() -> Problem {
    Problem::invalid("after", "It is no cursor of this list: take `next` of the page before.")
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
            let problem = page(uri).await.unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{uri}");
        }
    }
}
