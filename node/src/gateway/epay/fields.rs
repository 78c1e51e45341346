//! The fields of a request, a notice or an answer, and the text that is signed of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::gateway::{NoticeRefusal, NoticeRequest};

/// The fields of one request at most.
const FIELDS_MAX: usize = 64;

/// What a value that is blank consists of: the characters that PHP's `trim` removes.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\x0b'];

/// The fields that a refusal can name.
const NAMES: [&str; 11] = [
    "money",
    "name",
    "out_trade_no",
    "param",
    "pid",
    "sign",
    "sign_type",
    "timestamp",
    "trade_no",
    "trade_status",
    "type",
];

/// Fields, each name once. A field whose value is blank counts as absent: it is not signed, so it is not read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// Where a name is there twice, or there are too many fields.
    pub fn parse(text: &[u8]) -> Result<Self, NoticeRefusal> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if fields.len() == FIELDS_MAX {
                return Err(NoticeRefusal::Malformed);
            }
            match fields.entry(name.into_owned()) {
                Entry::Vacant(free) => drop(free.insert(value.into_owned())),
                Entry::Occupied(taken) => {
                    let known = NAMES.into_iter().find(|known| *known == taken.key());
                    return Err(known.map_or(NoticeRefusal::Malformed, NoticeRefusal::Missing));
                }
            }
        }
        Ok(Self(fields))
    }

    /// Reads the fields of a notice: of the query, or of a form that was posted.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and where something else than a form was posted.
    pub fn of_notice(request: &NoticeRequest<'_>) -> Result<Self, NoticeRefusal> {
        if !request.is_post {
            return Self::parse(request.query.as_bytes());
        }
        let kind = request.content_type.and_then(|kind| kind.split(';').next());
        let is_form = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form || !request.query.is_empty() {
            return Err(NoticeRefusal::Malformed);
        }
        Self::parse(request.body)
    }

    /// Reads a flat JSON object, each value as PHP writes it into a text. `None` where it is no object.
    #[must_use]
    pub fn of_json(body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let object: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let fields = object.into_iter().filter_map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(true) => "1".to_owned(),
                // PHP signs none of them.
                Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_) => return None,
            };
            Some((name, value))
        });
        Some(Self(fields.collect()))
    }

    /// With a field, instead of the one of that name.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a number or an id is passed as it is")]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    /// The value of a field that is there and not blank.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !is_blank(value))
    }

    /// The value of a field that must be there.
    ///
    /// # Errors
    /// [`NoticeRefusal::Missing`].
    pub fn need(&self, name: &'static str) -> Result<&str, NoticeRefusal> {
        self.get(name).ok_or(NoticeRefusal::Missing(name))
    }

    /// The text that is signed. Values are not escaped in it, so that a value with `&` and `=` in it reads like more
    /// fields: two different sets of fields can have one text.
    #[must_use]
    pub fn signed_text(&self) -> String {
        let is_signed =
            |(name, value): &(&String, &String)| !["sign", "sign_type"].contains(&name.as_str()) && !is_blank(value);
        let signed = self.0.iter().filter(is_signed);
        let pairs: Vec<String> = signed.map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// As a query or a form.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

fn is_blank(value: &str) -> bool {
    value.trim_matches(BLANKS).is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Fields {
        Fields::parse(text.as_bytes()).ok().unwrap()
    }

    #[test]
    fn what_is_signed_is_sorted_raw_and_without_what_is_blank() {
        let fields = parsed("sign=x&b=%E5%8D%A1+1%261&sign_type=MD5&a=2&B=3&empty=&blank=+%09&unknown=%2F");
        assert_eq!(fields.signed_text(), "B=3&a=2&b=卡 1&1&unknown=/");
        assert_eq!(fields.get("blank"), None);
        assert_eq!(
            fields.need("blank_too").err(),
            Some(NoticeRefusal::Missing("blank_too"))
        );
    }

    #[test]
    fn a_name_is_there_once() {
        let refused = |text: &str| Fields::parse(text.as_bytes()).err();
        assert_eq!(refused("money=1&money=1"), Some(NoticeRefusal::Missing("money")));
        assert_eq!(refused("pid=1&money=1&pid="), Some(NoticeRefusal::Missing("pid")));
        assert_eq!(refused("x=1&x=2"), Some(NoticeRefusal::Malformed));
        let many: Vec<String> = (0..=FIELDS_MAX).map(|at| format!("f{at}=1")).collect();
        assert_eq!(refused(&many.join("&")), Some(NoticeRefusal::Malformed));
        assert_eq!(refused(&many[1..].join("&")), None);
    }

    #[test]
    fn a_notice_is_a_query_or_a_form() {
        let query = NoticeRequest {
            is_post: false,
            query: "pid=1",
            content_type: None,
            signature: None,
            body: b"",
        };
        let form = NoticeRequest {
            is_post: true,
            query: "",
            content_type: Some("application/x-www-form-urlencoded; charset=UTF-8"),
            body: b"pid=1",
            ..query
        };
        for request in [query, form] {
            assert!(Fields::of_notice(&request).is_ok_and(|fields| fields.get("pid") == Some("1")));
        }
        for other in [
            NoticeRequest { query: "pid=1", ..form },
            NoticeRequest {
                content_type: None,
                ..form
            },
            NoticeRequest {
                content_type: Some("application/json"),
                ..form
            },
        ] {
            assert_eq!(Fields::of_notice(&other).err(), Some(NoticeRefusal::Malformed));
        }
    }

    #[test]
    fn json_values_are_what_php_writes() {
        let json =
            "\u{feff}{\"code\":0,\"money\":9.90,\"msg\":\"成\",\"buyer\":null,\"ok\":true,\"no\":false,\"list\":[1]}";
        let fields = Fields::of_json(json.as_bytes()).unwrap();
        assert_eq!(fields.signed_text(), "code=0&money=9.9&msg=成&ok=1");
        assert!(Fields::of_json(b"[1]").is_none());
        assert!(Fields::of_json(b"<html>").is_none());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_parsed_again(pairs in proptest::collection::btree_map(".{1,8}", ".{0,8}", 0..8)) {
            let fields = pairs.iter().fold(Fields::default(), |fields, (name, value)| fields.with(name, value));
            prop_assert!(Fields::parse(fields.encode().as_bytes()).is_ok_and(|again| again == fields));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Fields::parse(&bytes).map(|fields| fields.signed_text());
            let _ = Fields::of_json(&bytes);
        }
    }
}
