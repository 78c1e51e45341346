//! The results of a run: a table for the terminal, and a list in JSON.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use super::Sample;
use shelfproof_tests::Result;

/// A goal: which figure is compared with which bound, if any is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The figure is told, and nothing is asked of it.
    Reported,
    Bound {
        of_ratio: bool,
        at_most: bool,
        bound: f64,
    },
}

impl Goal {
    /// Reads `ratio <= 1.25`, `ratio >= 1`, `value <= 12000` and the like, and `reported`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "reported" {
            return Some(Self::Reported);
        }
        let mut words = text.split(' ');
        let of_ratio = match words.next()? {
            "ratio" => true,
            "value" => false,
            _ => return None,
        };
        let at_most = match words.next()? {
            "<=" => true,
            ">=" => false,
            _ => return None,
        };
        let bound = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self::Bound {
            of_ratio,
            at_most,
            bound,
        })
    }

    /// Whether a median and a ratio meet the goal: `met`, `MISSED`, or nothing.
    #[must_use]
    pub fn verdict(&self, value: f64, ratio: f64) -> &'static str {
        let Self::Bound {
            of_ratio,
            at_most,
            bound,
        } = *self
        else {
            return "";
        };
        let figure = if of_ratio { ratio } else { value };
        let is_met = if at_most { figure <= bound } else { figure >= bound };
        if is_met { "met" } else { "MISSED" }
    }
}

/// Median, minimum and maximum of some rounds.
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let upper = *sorted.get(middle)?;
        let median = if sorted.len() % 2 == 1 {
            upper
        } else {
            f64::midpoint(sorted[middle - 1], upper)
        };
        Some(Self {
            median,
            min: *sorted.first()?,
            max: *sorted.last()?,
        })
    }

    fn to_json(&self) -> Value {
        json!({"median": self.median, "min": self.min, "max": self.max})
    }

    fn shown(&self) -> String {
        format!("{} ({}–{})", figure(self.median), figure(self.min), figure(self.max))
    }
}

/// Formats a value: from 1000 on as a whole number, otherwise with decimals or an exponent.
fn figure(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        format!("{value:.3e}")
    } else if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.4}")
    }
}

/// A sample's two spreads, its ratio, and the goal's verdict.
fn judged(sample: &Sample) -> Result<(Spread, Spread, f64, &'static str)> {
    let none = || format!("{} was not measured", sample.name);
    let ours = Spread::of(&sample.ours).ok_or_else(none)?;
    let baseline = Spread::of(&sample.baseline).ok_or_else(none)?;
    let ratio = ours.median / baseline.median;
    let goal = Goal::parse(sample.goal).ok_or_else(|| format!("{} has no goal: {}", sample.name, sample.goal))?;
    let verdict = goal.verdict(ours.median, ratio);
    Ok((ours, baseline, ratio, verdict))
}

/// The settings, with a note about each side that has only one value, because its spread then means nothing.
fn settings(sample: &Sample) -> String {
    let sides = [("ours", &sample.ours), ("baseline", &sample.baseline)];
    let single = sides.into_iter().filter(|(_, rounds)| rounds.len() == 1);
    let notes = single.map(|(side, _)| format!("{side}: one value"));
    let all: Vec<String> = std::iter::once(sample.settings.clone()).chain(notes).collect();
    all.join("; ")
}

/// Formats the samples as a table under a heading.
///
/// # Errors
/// If a sample has no rounds or no goal.
pub fn table(samples: &[Sample]) -> Result<String> {
    let mut rows = vec![["name", "unit", "ours", "baseline", "ratio", "goal", ""].map(ToOwned::to_owned)];
    for sample in samples {
        let (ours, baseline, ratio, verdict) = judged(sample)?;
        rows.push([
            sample.name.clone(),
            sample.unit.to_owned(),
            ours.shown(),
            baseline.shown(),
            format!("{ratio:.3}"),
            sample.goal.to_owned(),
            verdict.to_owned(),
        ]);
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(text)
}

/// Writes the samples into the list at `path`. Entries with other names in that list are kept.
///
/// # Errors
/// If the file is not such a list, or cannot be written.
pub fn keep(path: &Path, samples: &[Sample]) -> Result<()> {
    let mut list: Vec<Value> = match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    list.retain(|entry| !samples.iter().any(|sample| entry["name"] == sample.name.as_str()));
    for sample in samples {
        let (ours, baseline, ratio, _) = judged(sample)?;
        list.push(json!({
            "name": sample.name,
            "value": ours.median,
            "unit": sample.unit,
            "baseline": baseline.median,
            "ratio": ratio,
            "goal": sample.goal,
            "rounds": {
                "ours": sample.ours,
                "baseline": sample.baseline,
                "spread": {"ours": ours.to_json(), "baseline": baseline.to_json()},
            },
            "settings": settings(sample),
        }));
    }
    // If the run is killed here, the list of the previous run is still complete.
    let next = path.with_extension("json.next");
    fs::write(&next, serde_json::to_string_pretty(&list)? + "\n")?;
    Ok(fs::rename(next, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, ours: &[f64]) -> Sample {
        Sample {
            name: name.to_owned(),
            unit: "s",
            ours: ours.to_vec(),
            baseline: vec![2.0],
            goal: "ratio <= 1.25",
            settings: "-".to_owned(),
        }
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]).unwrap().shown(), "2.0000 (1.0000–3.0000)");
        assert_eq!(
            Spread::of(&[4.0, 1.0, 2.0, 3.0]).unwrap().shown(),
            "2.5000 (1.0000–4.0000)"
        );
        assert!(Spread::of(&[]).is_none());
    }

    #[test]
    fn goals_are_met_or_missed() {
        let met = |goal: &str, value, ratio| Goal::parse(goal).unwrap().verdict(value, ratio) == "met";
        assert!(met("ratio <= 1.25", 9.0, 1.25) && !met("ratio <= 1.25", 0.0, 1.26));
        assert!(met("ratio >= 1", 0.0, 1.0) && !met("ratio >= 1", 9.0, 0.99));
        assert!(met("value <= 12000", 12000.0, 9.0) && !met("value <= 12000", 12001.0, 0.0));
        assert_eq!(Goal::parse("reported").unwrap().verdict(9.0, 9.0), "");
        for none in ["", "ratio", "ratio < 1", "value <= x", "value <= 1 s"] {
            assert_eq!(Goal::parse(none), None, "{none}");
        }
    }

    #[test]
    fn entries_of_other_names_stay() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("bench.json");
        keep(&path, &[sample("a", &[1.0]), sample("b", &[2.0])])?;
        keep(&path, &[sample("a", &[3.0, 5.0, 4.0])])?;
        let list: Vec<Value> = serde_json::from_slice(&fs::read(&path)?)?;
        let of = |name: &str, field: &str| list.iter().find(|entry| entry["name"] == name).unwrap()[field].clone();
        assert_eq!(
            (list.len(), of("a", "value"), of("a", "ratio")),
            (2, json!(4.0), json!(2.0))
        );
        assert_eq!(
            (of("b", "value"), of("b", "settings")),
            (json!(2.0), json!("-; ours: one value; baseline: one value"))
        );
        let one = json!({"median": 2.0, "min": 2.0, "max": 2.0});
        assert_eq!(
            of("a", "rounds"),
            json!({
                "ours": [3.0, 5.0, 4.0],
                "baseline": [2.0],
                "spread": {"ours": {"median": 4.0, "min": 3.0, "max": 5.0}, "baseline": one},
            })
        );
        assert_eq!(of("a", "settings"), "-; baseline: one value");
        assert!(table(&[sample("a", &[3.0])])?.contains("MISSED"));
        Ok(())
    }
}
