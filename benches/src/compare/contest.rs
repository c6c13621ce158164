//! What is compared, and with whom.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;

use super::Guest;
use crate::{
    frames::{Protection, SECRET},
    load::{self, Outcome, Work},
    process::Server,
};

/// A server that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contestant {
    /// A loop over sockets without any framework.
    Bare,
    /// The reference server: our public API with the default limits.
    Ours,
    /// Only where the program was built with it.
    Tarpc,
    /// The original.
    Python,
}

impl Contestant {
    pub(crate) const ALL: [Self; 4] = [Self::Bare, Self::Ours, Self::Tarpc, Self::Python];

    /// Returns who runs in a round, in this order.
    pub(crate) fn turns() -> impl Iterator<Item = Self> {
        let (first, rest) = Self::ALL.split_at(2);
        first.iter().chain([&Self::Bare]).chain(rest).copied()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare loop",
            Self::Ours => "netaio",
            Self::Tarpc => "tarpc",
            Self::Python => "Python netaio",
        }
    }
}

/// What the servers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Publish,
    Udp,
    /// Our client beside the load generator, over one connection to the bare loop.
    Client,
    Idle,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) kind: Kind,
    pub(crate) work: Work,
}

impl Scenario {
    /// Returns all scenarios.
    pub(crate) fn all(time: Duration) -> Vec<Self> {
        use {Kind as K, Protection as P};
        let mut all = Vec::new();
        let mut add = |kind, protection, connections, size, depths: &[usize]| {
            for &depth in depths {
                let work = Work { connections, depth, size, protection, time };
                all.push(Self { kind, work });
            }
        };
        for size in [32, 1024, 16 * 1024] {
            add(K::Request, P::None, 64, size, &[1, 16]);
        }
        add(K::Request, P::Hmac, 64, 1024, &[1, 16]);
        for size in [1024, 16 * 1024] {
            add(K::Request, P::Cipher, 64, size, &[1, 16]);
        }
        for subscribers in [100, 1_000] {
            add(K::Publish, P::None, subscribers, 32, &[1, 16]);
        }
        add(K::Udp, P::None, 64, 32, &[1, 16]);
        add(K::Udp, P::None, 64, 1024, &[1]);
        add(K::Client, P::None, 1, 32, &[1, 16, 256]);
        add(K::Idle, P::None, 2_000, 5, &[1]);
        all
    }

    pub(crate) fn name(&self) -> String {
        let Work { connections, depth, size, protection, .. } = self.work;
        let size = if size < 1024 { format!("{size} B") } else { format!("{} KiB", size / 1024) };
        let how = match protection {
            Protection::None => "",
            Protection::Hmac => "HMAC, ",
            Protection::Cipher => "cipher, ",
        };
        match self.kind {
            Kind::Request => format!("request {size}, {how}{depth} in flight"),
            Kind::Publish => format!("publish {size} to {connections}, {depth} in flight"),
            Kind::Udp => format!("UDP request {size}, {depth} in flight"),
            Kind::Client => format!("client, request {size}, {depth} in flight"),
            Kind::Idle => format!("{connections} idle connections"),
        }
    }

    /// Returns whether it is one of those that tell the most.
    pub(crate) fn is_main(&self) -> bool {
        let Work { connections, depth, size, protection, .. } = self.work;
        match self.kind {
            Kind::Request => match protection {
                Protection::None => size == 1024 || (size == 32 && depth == 16),
                Protection::Hmac => true,
                Protection::Cipher => size == 1024 && depth == 16,
            },
            Kind::Publish => connections == 1_000,
            Kind::Udp => depth == 1 && size == 32,
            Kind::Client | Kind::Idle => false,
        }
    }

    /// Returns whether a contestant can do this.
    pub(crate) fn has(&self, contestant: Contestant) -> bool {
        match contestant {
            Contestant::Bare | Contestant::Ours => true,
            Contestant::Tarpc => {
                let plain = self.work.protection == Protection::None;
                plain && self.kind == Kind::Request
            }
            Contestant::Python => match self.kind {
                Kind::Client => false,
                // A thousand datagrams at once are too many for it: most are lost.
                Kind::Udp => self.work.depth == 1,
                // It would take seconds to answer what is in flight.
                Kind::Request if self.work.protection == Protection::Cipher => {
                    self.work.depth == 1 || self.work.size <= 1024
                }
                _ => true,
            },
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) own: PathBuf,
    pub(crate) reference: PathBuf,
    pub(crate) tarpc: Option<Guest>,
    pub(crate) python: Option<PathBuf>,
}

impl Programs {
    /// Starts a contestant's server for a scenario; `None` where it is not installed.
    pub(crate) fn start(
        &self,
        contestant: Contestant,
        scenario: &Scenario,
    ) -> Result<Option<Server>> {
        let udp = (scenario.kind == Kind::Udp).then_some("--udp");
        let protection = |hmac: &'static str, cipher: &'static str| match scenario.work.protection {
            Protection::None => None,
            Protection::Hmac => Some([hmac, SECRET]),
            Protection::Cipher => Some([cipher, SECRET]),
        };
        let (program, args) = match contestant {
            Contestant::Ours if scenario.kind == Kind::Client => (&self.own, vec!["serve-bare"]),
            Contestant::Bare => {
                let mut args = vec!["serve-bare"];
                args.extend(udp);
                args.extend(match scenario.work.protection {
                    Protection::None => None,
                    Protection::Hmac => Some("--hmac"),
                    Protection::Cipher => Some("--cipher"),
                });
                (&self.own, args)
            }
            Contestant::Ours => {
                let mut args = vec!["--port", "0"];
                args.extend(udp);
                args.extend(protection("--secret", "--key").into_iter().flatten());
                (&self.reference, args)
            }
            Contestant::Tarpc if self.tarpc.is_none() => return Ok(None),
            Contestant::Tarpc => (&self.own, vec!["serve-guest"]),
            Contestant::Python => {
                let Some(python) = &self.python else { return Ok(None) };
                let mut args =
                    vec![concat!(env!("CARGO_MANIFEST_DIR"), "/compare/python/server.py")];
                args.extend(udp);
                args.extend(protection("--hmac", "--cipher").into_iter().flatten());
                (python, args)
            }
        };
        let args: Vec<_> = args.into_iter().map(str::to_owned).collect();
        Server::start(program, &args).map(Some)
    }

    /// Lets the load generator work on a contestant's server.
    pub(crate) async fn run(
        &self,
        contestant: Contestant,
        scenario: &Scenario,
        server: &Server,
    ) -> Result<Outcome> {
        let (addr, work, cpu) = (server.addr(), &scenario.work, || server.cpu());
        match (contestant, scenario.kind, &self.tarpc) {
            (Contestant::Tarpc, _, Some(tarpc)) => (tarpc.request)(addr, work, &cpu).await,
            (_, Kind::Publish, _) => load::publish(addr, work, cpu).await,
            (_, Kind::Udp, _) => load::udp(addr, work, cpu).await,
            (Contestant::Ours, Kind::Client, _) => load::client(addr, work, cpu).await,
            _ => load::request(addr, work, cpu).await,
        }
    }
}
