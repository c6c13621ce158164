//! The names of the base message types, and guesses at what a wrong name was meant to be.

/// The base types, as the runtime's `MessageType` spells them, in the order of their numbers.
pub(crate) const BASE_TYPES: [&str; 19] = [
    "RequestUri",
    "RespondUri",
    "CreateUri",
    "UpdateUri",
    "DeleteUri",
    "SubscribeUri",
    "UnsubscribeUri",
    "PublishUri",
    "NotifyUri",
    "AdvertisePeer",
    "Ok",
    "ConfirmSubscribe",
    "ConfirmUnsubscribe",
    "PeerDiscovered",
    "Error",
    "AuthError",
    "NotFound",
    "NotPermitted",
    "Disconnect",
];

/// The base type that has this name in any spelling: `CreateUri`, `CREATE_URI`, `create_uri`.
pub(crate) fn base_type_like(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    BASE_TYPES.into_iter().find(|base| fold(base) == folded)
}

/// The known name that was probably meant, if one is near enough.
pub(crate) fn closest<'n>(wrong: &str, known: &[&'n str]) -> Option<&'n str> {
    let wrong = fold(wrong);
    let same = known.iter().find(|name| fold(name) == wrong);
    let longer = || known.iter().find(|name| wrong.len() >= 2 && fold(name).starts_with(&wrong));
    let near = || {
        let ranked = known.iter().map(|name| (distance(&wrong, &fold(name)), name));
        let (edits, name) = ranked.min_by_key(|(edits, _)| *edits)?;
        (edits <= 1 + wrong.len() / 5).then_some(name)
    };
    same.or_else(longer).or_else(near).copied()
}

/// `` `a`, `b` and `c` ``
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        all => all.join(""),
    }
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// How many insertions, removals, replacements and swaps of neighbours lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut left = i + 1;
        let mut left_char = None;
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, j).saturating_add(usize::from(x != y));
            let mut best = replaced.min(at(&last, j + 1).saturating_add(1)).min(left + 1);
            if j > 0 && previous == Some(y) && left_char == Some(x) {
                best = best.min(at(&before_last, j - 1).saturating_add(1));
            }
            row.push(best);
            (left, left_char) = (best, Some(y));
        }
        before_last = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(distance("auht", "auth"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }

    #[test]
    fn guesses_spelling_prefix_and_typo() {
        assert_eq!(closest("CREATE_URI", &BASE_TYPES), Some("CreateUri"));
        assert_eq!(closest("Create", &BASE_TYPES), Some("CreateUri"));
        assert_eq!(closest("RequestUrl", &BASE_TYPES), Some("RequestUri"));
        assert_eq!(closest("Say", &BASE_TYPES), None);
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
