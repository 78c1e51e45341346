//! How a file is read: the parameters that an import and a preview have in common.

use utoipa::IntoParams;

use crate::api_types::{EncodingName, FormatName};
use crate::http::api::query::Params;
use crate::http::edge::problem::Problem;
use crate::import::{Encoding, Format, Options};

/// How the file is read: the parameters that [`options`] takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
pub(super) struct Reading {
    /// Where a line's code is; `pairs` is `account----password`, `auto` where it is not given
    #[param(inline)]
    format: Option<FormatName>,
    /// Of the file, where it cannot be told
    #[param(inline)]
    encoding: Option<EncodingName>,
    /// Whether the first row names the columns, where that cannot be told
    header: Option<bool>,
    /// What parts an account from its password, where that is not exactly four dashes
    #[param(max_length = 16)]
    separator: Option<String>,
    /// Of a table, the code's column: its name, or its number from 1
    #[param(rename = "codeColumn")]
    code_column: Option<String>,
    /// Of a table, what is delivered with the code; parted by commas
    #[param(rename = "extraColumns")]
    extra_columns: Option<String>,
}

/// Reads those parameters.
///
/// # Errors
/// `invalid_field` names the one that breaks a rule.
pub(super) fn options(params: &mut Params) -> Result<Options, Problem> {
    let columns = params.take("extraColumns")?.unwrap_or_default();
    Ok(Options {
        format: choice(params, "format", Format::from_name, &Format::ALL.map(Format::name))?.unwrap_or_default(),
        encoding: choice(
            params,
            "encoding",
            Encoding::from_name,
            &Encoding::ALL.map(Encoding::name),
        )?,
        header: choice(params, "header", |text| text.parse().ok(), &["true", "false"])?,
        separator: params.take("separator")?,
        code_column: params.take("codeColumn")?,
        extra_columns: columns
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// A parameter that has one of a few values.
fn choice<T>(
    params: &mut Params,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> Result<Option<T>, Problem> {
    let refuse = || Problem::invalid(name, format!("It must be one of {}.", names.join(", ")));
    let value = params.take(name)?;
    value.map(|value| parse(&value).ok_or_else(refuse)).transpose()
}
