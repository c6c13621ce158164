//! netaio
