//! The columns of a table that hold the code and what is delivered with it.

use super::{ReadError, trim};

/// Names that vendors use for the code's column.
const CODE_NAMES: [&str; 24] = [
    "code",
    "codes",
    "key",
    "keys",
    "cdkey",
    "cd-key",
    "cd key",
    "serial",
    "pin",
    "voucher",
    "card",
    "account",
    "卡密",
    "卡号",
    "卡券",
    "券码",
    "激活码",
    "兑换码",
    "充值码",
    "序列号",
    "密钥",
    "账号",
    "帐号",
    "卡券号",
];

/// The columns of a table, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The code's column.
    pub code: usize,
    /// The columns that are delivered with it, with their names in the header.
    pub extra: Vec<(usize, String)>,
}

impl Columns {
    /// The requested columns, by name or by number from 1. Without a request for the code's, it is the one column that
    /// has a name of [`CODE_NAMES`].
    pub(super) fn choose(header: &[String], code: Option<&str>, extra: &[String]) -> Result<Self, ReadError> {
        let code = match code {
            Some(wanted) => find(header, wanted)?,
            None => guess(header)?,
        };
        let named = |wanted: &String| find(header, wanted).map(|at| (at, header[at].clone()));
        let extra = extra.iter().map(named).collect::<Result<_, _>>()?;
        Ok(Self { code, extra })
    }
}

/// The one column that has a name of [`CODE_NAMES`].
pub(super) fn guess(header: &[String]) -> Result<usize, ReadError> {
    let is_code = |name: &String| CODE_NAMES.contains(&name.to_lowercase().as_str());
    let mut found = (0..header.len()).filter(|at| is_code(&header[*at]));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(ReadError::WhichColumn { columns: header.len() }),
    }
}

/// The column of that name, or else of that number.
fn find(header: &[String], wanted: &str) -> Result<usize, ReadError> {
    let wanted = trim(wanted);
    let lower = wanted.to_lowercase();
    let mut found = (0..header.len()).filter(|at| header[*at].to_lowercase() == lower);
    let by_number = || wanted.parse::<usize>().ok()?.checked_sub(1);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => None,
        (None, _) => by_number().filter(|at| *at < header.len()),
    }
    .ok_or_else(|| ReadError::NoColumn {
        wanted: wanted.to_owned(),
        columns: header.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn by_name_by_number_or_by_habit() {
        let names = header(&["序号", "卡密", "Password", "7"]);
        let choose = |code, extra: &[&str]| Columns::choose(&names, code, &header(extra));
        assert_eq!(choose(None, &[]).unwrap().code, 1);
        assert_eq!(choose(Some("password"), &[]).unwrap().code, 2);
        assert_eq!(choose(Some("1"), &[]).unwrap().code, 0);
        assert_eq!(choose(Some("7"), &[]).unwrap().code, 3, "a name goes before a number");
        assert_eq!(
            choose(None, &["3", "7"]).unwrap().extra,
            [(2, "Password".to_owned()), (3, "7".to_owned())]
        );
        assert!(matches!(
            choose(Some("0"), &[]),
            Err(ReadError::NoColumn { columns: 4, .. })
        ));
        assert!(matches!(choose(Some("5"), &[]), Err(ReadError::NoColumn { .. })));
    }

    #[test]
    fn does_not_guess_between_two() {
        for names in [&["code", "卡密"][..], &["a", "b"], &["code", "Code"]] {
            assert!(
                matches!(guess(&header(names)), Err(ReadError::WhichColumn { .. })),
                "{names:?}"
            );
        }
        assert!(matches!(
            Columns::choose(&header(&["a", "A"]), Some("a"), &[]),
            Err(ReadError::NoColumn { .. })
        ));
    }
}
