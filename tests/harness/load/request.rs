//! The bytes of a request for an order. All but the idempotency key and the body are formatted once.

use std::net::SocketAddr;
use std::ops::Range;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A request that is sent again and again, each time with another key and another body.
#[derive(Debug)]
pub(super) struct Request {
    bytes: Vec<u8>,
    /// Where the key stands.
    key: Range<usize>,
    /// The length of what comes before the value of `content-length`.
    fixed: usize,
}

impl Request {
    pub(super) fn new(address: SocketAddr, token: &str) -> Self {
        let mut head = format!(
            "POST /api/v1/orders HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: "
        );
        let key = head.len()..head.len() + Hyphenated::LENGTH;
        head += &Uuid::nil().hyphenated().to_string();
        head += "\r\ncontent-length: ";
        Self {
            fixed: head.len(),
            bytes: head.into_bytes(),
            key,
        }
    }

    /// Returns the request for the order in `body` under that idempotency key.
    pub(super) fn order(&mut self, key: Uuid, body: &str) -> &[u8] {
        key.hyphenated().encode_lower(&mut self.bytes[self.key.clone()]);
        self.bytes.truncate(self.fixed);
        self.bytes.extend_from_slice(body.len().to_string().as_bytes());
        self.bytes.extend_from_slice(b"\r\n\r\n");
        self.bytes.extend_from_slice(body.as_bytes());
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_its_own_key_and_body() {
        let mut request = Request::new(SocketAddr::from(([127, 0, 0, 1], 80)), "t");
        for (key, body) in [(1, "{\"lines\":[1,2]}"), (u128::MAX, "{}"), (3, "{\"lines\":[]}")] {
            let key = Uuid::from_u128(key);
            let expected = format!(
                "POST /api/v1/orders HTTP/1.1\r\nhost: 127.0.0.1:80\r\nauthorization: Bearer t\r\n\
                 content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            assert_eq!(request.order(key, body), expected.as_bytes());
        }
    }
}
