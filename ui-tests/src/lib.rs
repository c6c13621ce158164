//! netaio-ui-tests
