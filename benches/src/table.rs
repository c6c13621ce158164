//! Numbers of several rounds, and tables in Markdown.

use std::fmt::Write as _;

/// The figures of several rounds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut samples = Self::default();
        figures.into_iter().for_each(|figure| samples.add(figure));
        samples
    }
}

impl Samples {
    /// Adds a figure.
    pub fn add(&mut self, figure: f64) {
        if figure.is_finite() {
            self.0.push(figure);
            self.0.sort_by(f64::total_cmp);
        }
    }

    /// Returns the median; `None` without figures.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let middle = self.0.len() / 2;
        let upper = *self.0.get(middle)?;
        let lower = if self.0.len().is_multiple_of(2) { *self.0.get(middle - 1)? } else { upper };
        Some((lower + upper) / 2.0)
    }

    /// Returns the median, with the lowest and highest behind it.
    #[must_use]
    pub fn text(&self, digits: usize) -> String {
        match (self.median(), self.0.first(), self.0.last()) {
            (Some(median), Some(low), Some(high)) if self.0.len() > 1 => {
                format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
            }
            (Some(median), ..) => format!("{median:.digits$}"),
            _ => "–".into(),
        }
    }
}

/// Writes a table in Markdown.
#[must_use]
pub fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "| {} |", head.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// Puts a text between the marks `<!-- NAME -->` and `<!-- /NAME -->` of a document.
///
/// Returns `None` when the document lacks them.
#[must_use]
pub fn insert(document: &str, name: &str, text: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = document.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}{text}{close}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_before_the_spread() {
        let mut samples = Samples::default();
        assert_eq!(samples.text(1), "–");
        [3.0, 1.0, f64::NAN, 2.0].into_iter().for_each(|figure| samples.add(figure));
        assert_eq!(samples.text(1), "2.0 (1.0–3.0)");
        samples.add(4.0);
        assert_eq!(samples.median(), Some(2.5));
    }

    #[test]
    fn a_text_takes_the_place_of_the_one_before() {
        let document = "a\n<!-- t -->\nold\n<!-- /t -->\nb\n";
        assert_eq!(insert(document, "t", "new\n").unwrap(), document.replace("old", "new"));
        assert_eq!(insert(document, "u", "new\n"), None);
    }
}
