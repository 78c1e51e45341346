//! A history proof's fields, as bundles and evidence write them.

use serde_json::{Value, json};

use super::{MAX_SIBLINGS, Proof, Terminal};
use crate::Refusal;
use crate::json::Node;

impl Proof {
    pub(crate) fn from_fields(node: &Node<'_>) -> Result<Self, Refusal> {
        let terminal = node.field("terminal")?;
        let terminal = if terminal.is_null() {
            None
        } else {
            Some(Terminal {
                key: terminal.field("key")?.word()?,
                value_hash: terminal.field("valueHash")?.word()?,
            })
        };
        let siblings_node = node.field("siblings")?;
        let siblings = siblings_node.words()?;
        if siblings.len() > MAX_SIBLINGS {
            return Err(siblings_node.must("of at most 256 siblings"));
        }
        Ok(Self { terminal, siblings })
    }

    pub(crate) fn to_json(&self) -> Value {
        let terminal = self.terminal.as_ref();
        json!({
            "terminal": terminal.map(|leaf| json!({"key": leaf.key, "valueHash": leaf.value_hash})),
            "siblings": self.siblings,
        })
    }
}
