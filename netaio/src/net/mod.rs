//! Servers, clients and the networks they run over.

mod admission;
mod burst;
mod call;
pub mod client;
mod driver;
mod hub;
mod inbound;
mod listener;
pub mod memory;
mod options;
mod peers;
mod run;
mod sealing;
mod server;
mod session;
mod shared_stream;
mod shutdown;
#[cfg(feature = "tls")]
mod tls;
mod udp;

pub use listener::Listener;
pub use listener::bind_tcp;
pub use peers::Peers;
pub use server::{ServerHandle, TcpServer, TcpServerBuilder};
pub use shutdown::ShutdownReport;
#[cfg(feature = "tls")]
pub use tls::TlsListener;
pub use udp::{Multicast, UdpCall, UdpHandle, UdpNode, UdpNodeBuilder};
