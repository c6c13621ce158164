//! A tape: byte code with a pointer, and what belongs to it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::{Rc, Weak};

use crate::error::Error;
use crate::flags::{Flags, SharedFlags};

/// Stored definitions by their handle.
type Entries = Rc<BTreeMap<u8, Rc<Tape>>>;

/// Stored definitions that several tapes share. A copy shares the entries until one side adds to them.
#[derive(Debug, Default)]
pub(crate) struct Definitions(RefCell<Entries>);

impl Definitions {
    /// Stores a definition, and says how many others had to be copied, because somebody else sees them, too.
    fn insert(&self, handle: u8, tape: Tape) -> usize {
        let mut entries = self.0.borrow_mut();
        let copied = if Rc::strong_count(&entries) > 1 { entries.len() } else { 0 };
        Rc::make_mut(&mut entries).insert(handle, Rc::new(tape));
        copied
    }
}

/// A tape's hold on the definitions that it sees.
///
/// A stored definition sees the map that it is stored in, so it must not own it. Whoever can call it owns the map, or
/// is nested in a run of somebody who does.
#[derive(Clone, Debug)]
enum Known {
    /// A copy of what another tape sees, which nobody else has yet.
    Copied(Entries),
    Owned(Rc<Definitions>),
    Around(Weak<Definitions>),
}

/// Byte code with a pointer.
///
/// Subtapes are ranges of the same code. A stored definition is one tape with one pointer, however often it is active.
#[derive(Debug)]
pub(crate) struct Tape {
    code: Rc<[u8]>,
    start: usize,
    end: usize,
    at: Cell<usize>,
    /// How many calls were made, or how deep EVALs are nested.
    pub(crate) calls: Cell<usize>,
    definitions: RefCell<Known>,
    pub(crate) flags: SharedFlags,
    /// Whether the host's plugins run on it: on the outer tape of a script and on EVALs from there.
    pub(crate) plugins: bool,
}

impl Tape {
    /// The outer tape of a script.
    pub(crate) fn script(
        code: &[u8],
        calls: usize,
        definitions: Rc<Definitions>,
        flags: Flags,
    ) -> Self {
        Self {
            code: code.into(),
            start: 0,
            end: code.len(),
            at: Cell::new(0),
            calls: Cell::new(calls),
            definitions: RefCell::new(Known::Owned(definitions)),
            flags: SharedFlags::new(flags),
            plugins: true,
        }
    }

    /// The body of an IF, a TRY or an EXCEPT: it sees definitions and flags, and changes its own copies.
    pub(crate) fn block(&self, body: Range<usize>, plugins: bool) -> Self {
        Self {
            code: Rc::clone(&self.code),
            start: body.start,
            end: body.end,
            at: Cell::new(body.start),
            calls: self.calls.clone(),
            definitions: RefCell::new(Known::Copied(self.entries())),
            flags: self.flags.copy(),
            plugins,
        }
    }

    /// The body of a LOOP or a definition: it shares definitions and flags.
    pub(crate) fn part(&self, body: Range<usize>, plugins: bool) -> Self {
        Self {
            code: Rc::clone(&self.code),
            start: body.start,
            end: body.end,
            at: Cell::new(body.start),
            calls: self.calls.clone(),
            definitions: RefCell::new(Known::Owned(self.definitions())),
            flags: self.flags.clone(),
            plugins,
        }
    }

    /// Stores a definition among those that this tape sees, and says how many others had to be copied.
    pub(crate) fn define(&self, handle: u8, body: Range<usize>, plugins: bool) -> usize {
        let definitions = self.definitions();
        let definition = self.part(body, plugins);
        definition.definitions.replace(Known::Around(Rc::downgrade(&definitions)));
        definitions.insert(handle, definition)
    }

    /// A definition that the tape sees.
    pub(crate) fn defined(&self, handle: u8) -> Option<Rc<Self>> {
        self.entries().get(&handle).map(Rc::clone)
    }

    /// A script from the stack, one call deeper.
    pub(crate) fn evaluated(&self, code: &[u8]) -> Self {
        Self {
            code: code.into(),
            calls: Cell::new(self.calls.get() + 1),
            ..self.block(0..code.len(), self.plugins)
        }
    }

    fn entries(&self) -> Entries {
        match &*self.definitions.borrow() {
            Known::Copied(entries) => Rc::clone(entries),
            Known::Owned(definitions) => Rc::clone(&definitions.0.borrow()),
            // Somebody around owns the map while the tape runs; without them there would be nothing to see.
            Known::Around(definitions) => definitions
                .upgrade()
                .map(|definitions| Rc::clone(&definitions.0.borrow()))
                .unwrap_or_default(),
        }
    }

    /// The definitions that the tape sees, to share them with another.
    fn definitions(&self) -> Rc<Definitions> {
        let mut known = self.definitions.borrow_mut();
        match &*known {
            Known::Owned(definitions) => Rc::clone(definitions),
            Known::Around(definitions) => definitions.upgrade().unwrap_or_default(),
            Known::Copied(entries) => {
                let definitions = Rc::new(Definitions(RefCell::new(Rc::clone(entries))));
                *known = Known::Owned(Rc::clone(&definitions));
                definitions
            }
        }
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.at.get() >= self.end
    }

    pub(crate) fn go_to_end(&self) {
        self.at.set(self.end);
    }

    pub(crate) fn rewind(&self) {
        self.at.set(self.start);
    }

    /// The whole code that the tape is a part of.
    pub(crate) fn code(&self) -> &[u8] {
        &self.code
    }

    pub(crate) fn position(&self) -> usize {
        self.at.get()
    }

    pub(crate) fn set_position(&self, at: usize) {
        self.at.set(at);
    }

    /// Takes the range of the next bytes.
    #[inline]
    pub(crate) fn range(&self, count: usize) -> Result<Range<usize>, Error> {
        let at = self.at.get();
        match at.checked_add(count).filter(|end| *end <= self.end) {
            Some(end) => {
                self.at.set(end);
                Ok(at..end)
            }
            None => Err(Error::script("cannot read that many bytes")),
        }
    }

    /// Takes the next bytes.
    #[inline]
    pub(crate) fn read(&self, count: usize) -> Result<&[u8], Error> {
        let range = self.range(count)?;
        Ok(&self.code[range])
    }

    /// Takes one byte.
    #[inline]
    pub(crate) fn byte(&self) -> Result<u8, Error> {
        Ok(self.read(1)?[0])
    }

    /// Takes bytes that begin with their number in one byte.
    pub(crate) fn read_sized(&self) -> Result<&[u8], Error> {
        let count = self.byte()?;
        self.read(usize::from(count))
    }

    /// Takes the range of bytes that begin with their number in two bytes.
    pub(crate) fn body(&self) -> Result<Range<usize>, Error> {
        let count = self.read(2)?;
        let count = u16::from_be_bytes([count[0], count[1]]);
        self.range(usize::from(count))
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.code[range]
    }
}
