//! netaio-examples
