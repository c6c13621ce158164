//! Servers, clients and the networks they run over.

pub mod client;
mod driver;
mod hub;
mod inbound;
mod listener;
pub mod memory;
mod server;
mod session;
mod shutdown;

pub use listener::Listener;
pub use listener::bind_tcp;
pub use server::{ServerHandle, TcpServer, TcpServerBuilder};
pub use shutdown::ShutdownReport;
