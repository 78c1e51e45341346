//! The head of an answer: the status, and how long the body is.

use std::str;

use crate::Result;

/// The longest head that is read.
const HEAD_MAX: usize = 16 << 10;
/// The longest body that is read: several times that of an order of 100 keys.
const BODY_MAX: usize = 4 << 20;

/// What follows a head.
const END: &[u8] = b"\r\n\r\n";

/// What a client needs to know of an answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The length of the head, with the empty line after it.
    pub(super) length: usize,
    /// The length of the body.
    pub(super) body: usize,
    /// Whether the server closes the connection after this answer.
    pub(super) closes: bool,
}

impl Head {
    /// Reads the head at the start of `bytes`. Returns `None` if more bytes are needed.
    ///
    /// # Errors
    /// If it is too long, is not HTTP/1.1, or does not say how long the body is.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(END.len()).position(|window| window == END) else {
            return if bytes.len() > HEAD_MAX {
                Err(format!("the head of an answer is longer than {HEAD_MAX} bytes").into())
            } else {
                Ok(None)
            };
        };
        let text = str::from_utf8(&bytes[..end])?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(status);
        let status = status.ok_or_else(|| format!("an answer does not begin with an HTTP/1.1 status: {text:?}"))?;
        let (mut body, mut closes) = (None, false);
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                body = Some(length(value.trim())?);
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
        Ok(Some(Self {
            status,
            length: end + END.len(),
            body: body.ok_or_else(|| format!("an answer {status} has no content-length: {text:?}"))?,
            closes,
        }))
    }
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ")?;
    rest.split(' ').next()?.parse().ok()
}

fn length(value: &str) -> Result<usize> {
    match value.parse() {
        Ok(length) if length <= BODY_MAX => Ok(length),
        Ok(length) => Err(format!("an answer of {length} bytes is longer than {BODY_MAX}").into()),
        Err(error) => Err(format!("content-length {value:?}: {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Head>> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn a_head_says_status_and_lengths() -> Result<()> {
        let text = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length:  5\r\n\r\n";
        let expected = Head {
            status: 201,
            length: text.len(),
            body: 5,
            closes: false,
        };
        assert_eq!(head(&format!("{text}hello"))?, Some(expected));
        for end in 0..text.len() {
            assert_eq!(head(&text[..end])?, None, "{end}");
        }
        let closing = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(
            head(closing)?.map(|head| (head.status, head.body, head.closes)),
            Some((503, 0, true))
        );
        Ok(())
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let endless = "x".repeat(HEAD_MAX + 1);
        for (text, why) in [
            ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 status"),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                "no content-length",
            ),
            ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "content-length \"-1\""),
            ("HTTP/1.1 200 OK\r\ncontent-length: 4194305\r\n\r\n", "longer than"),
            (&endless, "longer than"),
        ] {
            let error = head(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
