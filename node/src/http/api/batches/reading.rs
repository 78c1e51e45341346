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
        format: params
            .choice("format", Format::from_name, &Format::ALL.map(Format::name))?
            .unwrap_or_default(),
        encoding: params.choice("encoding", Encoding::from_name, &Encoding::ALL.map(Encoding::name))?,
        header: params.choice("header", |text| text.parse().ok(), &["true", "false"])?,
        separator: params.take("separator")?,
        code_column: params.take("codeColumn")?,
        extra_columns: columns
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}
