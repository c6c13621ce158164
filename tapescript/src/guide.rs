//! The guide: the language, its locks, and what to mind.
//!
//! | chapter | what |
//! |---|---|
//! | [`language`] | the language from zero, in twenty minutes |
//! | [`ops`] | every op in a line |
//! | [`locks`] | locks for common needs, and who signs what |
//! | [`security`] | what to mind where something depends on a lock |
//! | [`differences`] | what differs from the reference, and how to have it back |

#[doc = include_str!("docs/language.md")]
pub mod language {}

#[doc = include_str!("docs/ops.md")]
pub mod ops {}

#[doc = include_str!("docs/locks.md")]
pub mod locks {}

#[doc = include_str!("docs/security.md")]
pub mod security {}

#[doc = include_str!("docs/differences.md")]
pub mod differences {}

#[cfg(test)]
mod tests {
    use crate::Op;

    #[test]
    fn every_op_is_explained_with_its_short_names() {
        let lines = include_str!("docs/ops.md").lines().filter(|line| line.starts_with("| `"));
        let mut explained = Vec::new();
        for line in lines {
            let cell = line.split(" | ").next().unwrap_or_default();
            let mut names = cell.split('`').skip(1).step_by(2);
            let op = names.next().and_then(Op::from_name).unwrap_or_else(|| panic!("{cell}"));
            assert!(names.eq(op.aliases().iter().copied()), "{cell}");
            explained.push(op);
        }
        explained.sort();
        assert_eq!(explained, Op::ALL);
    }
}
