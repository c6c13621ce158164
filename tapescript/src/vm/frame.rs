//! Frames: what is to be done at the end of a tape.

use std::ops::Range;
use std::rc::Rc;

use crate::tape::Tape;

/// A tape that waits for another.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The tape that waits.
    pub(crate) around: Rc<Tape>,
    /// What it waits for.
    pub(crate) kind: Kind,
}

/// What a tape waits for.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A branch of IF, or an EXCEPT: a RETURN in it ends the tape around, too.
    Block,
    /// The body of a TRY, and where in the tape around its EXCEPT is.
    Try { except: Range<usize> },
    /// A round of a LOOP: a RETURN in it ends the loop.
    Loop { rounds: usize },
    /// A script from the stack: a RETURN ends only it, unless a flag says otherwise.
    Eval,
    /// A definition, and where it was if it is active further out: a RETURN ends only it.
    Call { position: usize },
}
