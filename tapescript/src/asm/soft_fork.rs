//! Names that a host gave to NOPs.

use std::collections::HashMap;

/// The names of ops by which a host replaced NOPs.
#[derive(Clone, Debug, Default)]
pub(crate) struct SoftForks {
    names: HashMap<u8, String>,
    codes: HashMap<String, u8>,
}

impl SoftForks {
    pub(crate) fn add(&mut self, code: u8, name: &str, aliases: &[&str]) {
        for name in aliases.iter().chain([&name]) {
            self.codes.insert(name.to_uppercase(), code);
        }
        self.names.insert(code, name.to_uppercase());
    }

    pub(crate) fn name(&self, code: u8) -> Option<&str> {
        self.names.get(&code).map(String::as_str)
    }

    pub(super) fn code(&self, name: &str) -> Option<u8> {
        self.codes.get(name).copied()
    }
}
