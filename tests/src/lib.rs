//! netaio-tests
