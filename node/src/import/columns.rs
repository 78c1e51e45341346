//! The columns of a table that hold the code and what is delivered with it.

use super::cell::is_no_code;
use super::error::{ColumnSample, ColumnSamples};
use super::mask::masked;
use super::words::{self, Meaning};
use super::{ReadError, trim};

/// The most values of a column that a question shows.
const SHOWN_VALUES: usize = 3;

/// A column whose values are all as short as this holds nothing that a buyer needs: no password is.
const SHORT: usize = 2;

/// The columns of a table, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The code's column.
    pub code: usize,
    /// The columns that are delivered with it.
    pub extra: Vec<usize>,
    /// Each column's name, where the first row names them.
    pub names: Option<Vec<String>>,
    /// How many columns there are.
    pub count: usize,
}

/// The rows of a table's sample, of which the first may name the columns.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) rows: &'a [Vec<String>],
    pub(super) is_named: bool,
}

impl Sample<'_> {
    /// The names, where the first row has them.
    fn names(&self) -> Option<&[String]> {
        self.rows.first().filter(|_| self.is_named).map(Vec::as_slice)
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.names()?.get(column).map(String::as_str)
    }

    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        let values = self.rows.iter().skip(usize::from(self.is_named));
        values.filter_map(move |row| row.get(column)).map(|value| trim(value))
    }

    /// As many columns as the longest row has.
    fn longest(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// As many columns as the row of names has; without one, as most rows have.
    fn count(&self) -> usize {
        let alike = |count: &usize| self.rows.iter().filter(|row| row.len() == *count).count();
        let most = || (0..=self.longest()).max_by_key(alike);
        self.names().map(<[String]>::len).or_else(most).unwrap_or_default()
    }

    /// Whether the column numbers the rows: 1, 2, 3 and so on.
    fn is_counted(&self, column: usize) -> bool {
        let numbers: Vec<Option<u64>> = self.values(column).map(|value| value.parse().ok()).collect();
        numbers.first().is_none_or(|first| matches!(first, Some(0 | 1)))
            && numbers
                .windows(2)
                .all(|pair| matches!(pair, [Some(one), Some(next)] if *next == one + 1))
    }

    /// Whether no cell of the column says anything.
    fn is_empty(&self, column: usize) -> bool {
        self.values(column).all(|value| value.is_empty() || is_no_code(value))
    }

    /// The columns as a question shows them.
    fn shown(&self) -> ColumnSamples {
        let columns = (0..self.longest()).map(|at| ColumnSample {
            number: at + 1,
            name: self
                .name(at)
                .filter(|name| words::meaning(name).is_some())
                .map(str::to_owned),
            values: self.values(at).take(SHOWN_VALUES).map(masked).collect(),
        });
        ColumnSamples(columns.collect())
    }
}

impl Columns {
    /// The requested columns, by name or by number from 1; without a request for the code's, as [`guess`] finds them.
    pub(super) fn choose(sample: Sample<'_>, code: Option<&str>, extra: &[String]) -> Result<Self, ReadError> {
        let find = |wanted: &str| {
            find(sample.names(), sample.longest(), wanted).ok_or_else(|| ReadError::NoColumn {
                wanted: wanted.to_owned(),
                columns: sample.shown(),
            })
        };
        let extra: Vec<usize> = extra.iter().map(|wanted| find(wanted)).collect::<Result<_, _>>()?;
        let guessed = match code {
            Some(wanted) => Some((find(wanted)?, Vec::new())),
            None => guess(sample, &extra),
        };
        let (code, beside) = guessed.ok_or_else(|| ReadError::WhichColumn(sample.shown()))?;
        let extra = if extra.is_empty() { beside } else { extra };
        let last_used = extra.iter().copied().max().unwrap_or_default().max(code);
        Ok(Self {
            code,
            extra,
            names: sample.names().map(<[String]>::to_vec),
            count: sample.count().max(last_used + 1),
        })
    }

    /// Whether a row has a field for each column, and nothing after them: in another row a field may be part of the
    /// one before it. A column without a name may be left out at the end.
    pub(super) fn fit(&self, fields: &[String]) -> bool {
        let named = |names: &Vec<String>| names.iter().rposition(|name| !trim(name).is_empty());
        let last_named = self.names.as_ref().map_or(Some(self.count - 1), named);
        fields.len() > last_named.unwrap_or_default()
            && fields.iter().skip(self.count).all(|field| trim(field).is_empty())
    }

    /// Whether a row may have nothing in this column, which is delivered beside the code with others or alone.
    pub(super) fn may_be_empty(&self, column: usize) -> bool {
        match self.usual_name(column).and_then(words::meaning) {
            Some(Meaning::Other | Meaning::Remark) => true,
            Some(_) => false,
            None => self.extra.len() > 1,
        }
    }
}

impl Columns {
    /// The column's name in the header, where it is a usual one: another may be a code that was taken for a name.
    #[must_use]
    pub fn usual_name(&self, column: usize) -> Option<&str> {
        let name = self.names.as_ref()?.get(column)?;
        words::meaning(name).map(|_| trim(name))
    }

    /// The columns that are neither a code nor delivered with it.
    pub fn dropped(&self) -> impl Iterator<Item = usize> {
        (0..self.count).filter(|at| *at != self.code && !self.extra.contains(at))
    }
}

/// The column of that name in the header, or else of that number.
pub(super) fn find(names: Option<&[String]>, count: usize, wanted: &str) -> Option<usize> {
    let wanted = trim(wanted);
    let lower = wanted.to_lowercase();
    let names = names.unwrap_or_default();
    let mut found = (0..names.len()).filter(|at| trim(&names[*at]).to_lowercase() == lower);
    let by_number = || wanted.parse::<usize>().ok()?.checked_sub(1);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => None,
        (None, _) => by_number().filter(|at| *at < count),
    }
}

/// The code's column and the ones that are delivered with it, where nothing is lost by it: one column is a code's by
/// its name, at most one is a password's, and the others are known to hold nothing that a buyer needs. `extra` are
/// columns that were named already.
fn guess(sample: Sample<'_>, extra: &[usize]) -> Option<(usize, Vec<usize>)> {
    if sample.count() == 1 && extra.is_empty() {
        return Some((0, Vec::new()));
    }
    sample.names()?;
    let (mut codes, mut secrets, mut either, mut numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for at in (0..sample.count()).filter(|at| !extra.contains(at)) {
        match sample.name(at).and_then(words::meaning) {
            Some(Meaning::Code) => codes.push(at),
            Some(Meaning::Secret) => secrets.push(at),
            Some(Meaning::CodeOrSecret) => either.push(at),
            Some(Meaning::Number) => numbers.push(at),
            Some(Meaning::Other) => {}
            // Who names a column that is delivered has seen the others.
            _ if !extra.is_empty() || sample.is_empty(at) => {}
            None if is_short(sample, at) => {}
            Some(Meaning::Remark) | None => return None,
        }
    }
    // A number is the code's where no other column is: in `卡号,密码`. Beside another one it is a card's, which the buyer
    // may need too, unless it counts the rows.
    if codes.is_empty() {
        codes = numbers;
    } else if extra.is_empty() && !numbers.iter().all(|at| sample.is_counted(*at)) {
        return None;
    }
    if codes.is_empty() {
        (codes, either) = (either, Vec::new());
    }
    secrets.extend(either);
    let is_whole = extra.is_empty() || secrets.is_empty();
    match (codes.as_slice(), secrets.as_slice()) {
        ([code], [] | [_]) if is_whole => Some((*code, secrets)),
        // The other columns were named by the caller, who leaves this one out.
        ([code], _) if !extra.is_empty() => Some((*code, Vec::new())),
        _ => None,
    }
}

/// Whether the column has a name, and values too short for a password.
fn is_short(sample: Sample<'_>, column: usize) -> bool {
    sample.name(column).is_some_and(|name| !trim(name).is_empty())
        && sample.values(column).all(|value| value.chars().count() <= SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().map(cells).collect()
    }

    fn choose(text: &str, code: Option<&str>, extra: &[&str]) -> Result<(usize, Vec<usize>), ReadError> {
        let rows = rows(text);
        let extra: Vec<String> = extra.iter().map(|name| (*name).to_owned()).collect();
        let sample = Sample {
            rows: &rows,
            is_named: true,
        };
        Columns::choose(sample, code, &extra).map(|columns| (columns.code, columns.extra))
    }

    #[test]
    fn by_name_by_number_or_by_habit() {
        let names = "序号,卡密,Password,7";
        let chosen = |code, extra: &[&str]| choose(names, code, extra).unwrap();
        assert_eq!(chosen(Some("password"), &[]), (2, vec![]));
        assert_eq!(chosen(Some("1"), &[]), (0, vec![]));
        assert_eq!(chosen(Some("7"), &[]).0, 3, "a name goes before a number");
        assert_eq!(chosen(None, &["3", "7"]), (1, vec![2, 3]));
        for wanted in ["0", "5", "密钥"] {
            let error = choose(names, Some(wanted), &[]).unwrap_err();
            assert!(
                matches!(&error, ReadError::NoColumn { columns, .. } if columns.0.len() == 4),
                "{error}"
            );
        }
        assert!(matches!(choose("a,A", Some("a"), &[]), Err(ReadError::NoColumn { .. })));
    }

    #[test]
    fn plain_pairs_are_a_code_and_what_is_delivered_beside_it() {
        for (names, code, beside) in [
            ("账号,密码", 0, vec![1]),
            ("帳號,密碼", 0, vec![1]),
            ("卡号,密码", 0, vec![1]),
            ("卡號,卡密", 0, vec![1]),
            ("account,password", 0, vec![1]),
            ("PASSWORD,Account", 1, vec![0]),
            ("User Name,Pass-word", 0, vec![1]),
            ("number,pin", 0, vec![1]),
            ("Card_Number,PIN", 0, vec![1]),
            ("no,account,password,price", 1, vec![2]),
            ("no,License Key,price", 1, vec![]),
            ("id,pin", 1, vec![]),
            ("number,code", 1, vec![]),
        ] {
            assert_eq!(choose(names, None, &[]).unwrap(), (code, beside), "{names}");
        }
    }

    #[test]
    fn what_could_be_lost_is_asked_about() {
        for names in [
            "code,卡密钥匙\nA-1,secret",
            "a,b\nA-1,secret",
            "code,Code\nA,B",
            "account,password,密码\na,b,c",
            "code,account,password\na,b,c",
            "code,extra\nA-1,a@b.example",
            "卡号,激活码\n88880001,A-1\n88880002,A-2",
            "card,code\n88880001,A-1",
            "code,备注\nA-1,recovery: cat",
            "code,remark\nA-1,x",
            "code,expiry\nA-1,2027-01-31",
            "code,\nA-1,xy",
        ] {
            assert!(
                matches!(choose(names, None, &[]), Err(ReadError::WhichColumn(_))),
                "{names}"
            );
        }
        assert_eq!(
            choose("code,x\nA-1,1\nA-2,2", None, &[]).unwrap(),
            (0, vec![]),
            "too short for a password"
        );
        for text in ["卡号,兑换码\n1,A-1\n2,A-2\n3,A-3", "备注,code\n,A-1\nN/A,A-2"] {
            assert_eq!(choose(text, None, &[]).unwrap(), (1, vec![]), "{text}");
        }
        let error = choose("code,login\nABCD-EFGH-1,user@mail.example", None, &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("column 2 \"login\" holds use*** (17 long)"), "{error}");
        assert!(!error.contains("EFGH"), "{error}");
    }
}
