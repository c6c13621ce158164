//! tapescript
