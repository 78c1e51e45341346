//! A header as files hold it: in a bundle, and beside the epoch's data.

use serde_json::Value;

use super::Header;
use crate::Refusal;
use crate::json::{self, Node};

/// A header as a bundle lists it, and as it is published beside the epoch's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedHeader {
    /// The header.
    pub header: Header,
    /// The block of its log: an unverified hint, to find the log sooner.
    pub block: Option<u64>,
}

impl ListedHeader {
    /// The largest header file.
    pub const MAX_FILE_BYTES: usize = 4_096;

    /// Reads a header file. Its content is a hint: it counts where it hashes to what the registry holds.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > Self::MAX_FILE_BYTES {
            let why = format!("a header file has at most {} bytes", Self::MAX_FILE_BYTES);
            return Err(Refusal::malformed(why));
        }
        Self::from_fields(&Node::root(&json::parse(bytes)?, "header"))
    }

    /// Takes the fields.
    pub(crate) fn from_fields(node: &Node<'_>) -> Result<Self, Refusal> {
        let header = Header::from_fields(node)?;
        let block = node.optional("block").map(|block| block.number()).transpose()?;
        Ok(Self { header, block })
    }

    /// The header file.
    #[must_use]
    pub fn to_file(&self) -> String {
        self.to_json().to_string()
    }

    pub(crate) fn to_json(self) -> Value {
        let mut json = self.header.to_json();
        if let Some(block) = self.block {
            json["block"] = block.into();
        }
        json
    }
}
