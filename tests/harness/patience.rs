//! An auditor's patience: makes what an audit remembers older, so that no test waits for an hour.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Result;

/// Makes the times at which the audits below `state` first saw each epoch, and first got no usable answer, so many
/// seconds older.
///
/// # Errors
/// If there is no such file, or it is not as the verifier writes it.
pub fn pass(state: &Path, seconds: u64) -> Result<()> {
    let mut files = 0;
    for merchant in fs::read_dir(state)? {
        for name in ["waiting.json", "waiting-since.json"] {
            let path = merchant.as_ref().map_err(ToString::to_string)?.path().join(name);
            if !path.is_file() {
                continue;
            }
            let mut waiting: Value = serde_json::from_slice(&fs::read(&path)?)?;
            let older = |time: &mut Value| {
                let earlier = time.as_u64().and_then(|time| time.checked_sub(seconds));
                *time = earlier.ok_or("no time")?.into();
                Ok::<_, Box<dyn std::error::Error>>(())
            };
            let seen = waiting["seen"].as_array_mut().ok_or("no list")?;
            seen.iter_mut().try_for_each(|sight| older(&mut sight["at"]))?;
            if !waiting["silence"].is_null() {
                older(&mut waiting["silence"]["first"])?;
                older(&mut waiting["silence"]["last"])?;
            }
            fs::write(&path, waiting.to_string())?;
            files += 1;
        }
    }
    if files == 0 {
        return Err(format!("{} has no audit that waits", state.display()).into());
    }
    Ok(())
}
