use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::Process;

/// Hosts on a network of their own, each a network namespace that is joined to a bridge in another
/// one. Nothing that they send leaves it. It is taken down when it is dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    hosts: usize,
}

impl Network {
    /// Makes a network of hosts; says loudly that the test is skipped where that is not possible.
    ///
    /// # Panics
    ///
    /// Panics when it was possible to begin and not to finish.
    #[must_use]
    pub fn new(hosts: usize) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let network = Self { name: format!("netaio-{}-{number}", std::process::id()), hosts };
        let hub = network.hub();
        let made = run(&["ip", "netns", "add", &hub])
            && run(&[
                "ip",
                "-n",
                &hub,
                "link",
                "add",
                "hub",
                "type",
                "bridge",
                "mcast_snooping",
                "0",
            ]);
        if !made {
            // Past the capture of the test harness: a skipped test is to be seen.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: a test of several hosts; it needs the right to make network namespaces"
            );
            return None;
        }
        must(&["ip", "-n", &hub, "link", "set", "hub", "up"]);
        for host in 0..hosts {
            network.add(host);
        }
        Some(network)
    }

    fn add(&self, host: usize) {
        let (hub, name) = (self.hub(), self.host(host));
        let (near, addr) = (format!("h{host}"), format!("{}/24", self.addr(host)));
        let local = format!("fe80::{}/64", host + 1);
        must(&["ip", "netns", "add", &name]);
        must(&[
            "ip", "-n", &hub, "link", "add", &near, "type", "veth", "peer", "name", "eth0",
            "netns", &name,
        ]);
        must(&["ip", "-n", &hub, "link", "set", &near, "master", "hub", "up"]);
        must(&["ip", "-n", &name, "link", "set", "lo", "up"]);
        must(&["ip", "-n", &name, "link", "set", "eth0", "addrgenmode", "none"]);
        must(&["ip", "-n", &name, "addr", "add", &addr, "dev", "eth0"]);
        must(&["ip", "-n", &name, "addr", "add", &local, "dev", "eth0", "nodad"]);
        must(&["ip", "-n", &name, "link", "set", "eth0", "up"]);
        // The original asks for its own address by way of a default route.
        must(&["ip", "-n", &name, "route", "add", "default", "dev", "eth0"]);
    }

    /// Returns the IPv4 address of a host.
    #[must_use]
    pub fn addr(&self, host: usize) -> String {
        format!("198.51.100.{}", host + 1)
    }

    /// Takes a host's IPv4 address away.
    ///
    /// # Panics
    ///
    /// Panics when it can't be taken.
    pub fn drop_ipv4(&self, host: usize) {
        must(&["ip", "-n", &self.host(host), "-4", "addr", "flush", "dev", "eth0"]);
    }

    /// Starts a program on a host.
    ///
    /// # Panics
    ///
    /// Panics when it can't be started.
    pub fn start<A: AsRef<OsStr>>(
        &self,
        host: usize,
        program: &Path,
        args: impl IntoIterator<Item = A>,
    ) -> Process {
        let name = self.host(host);
        let mut all: Vec<_> = ["netns", "exec", &name].map(|arg| OsStr::new(arg).to_owned()).into();
        all.push(program.into());
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        Process::start(Path::new("ip"), all)
    }

    fn hub(&self) -> String {
        format!("{}-hub", self.name)
    }

    fn host(&self, host: usize) -> String {
        format!("{}-{host}", self.name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for host in 0..self.hosts {
            run(&["ip", "netns", "del", &self.host(host)]);
        }
        run(&["ip", "netns", "del", &self.hub()]);
    }
}

fn run(command: &[&str]) -> bool {
    let (program, args) = command.split_first().expect("a command has a program");
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn must(command: &[&str]) {
    assert!(run(command), "can't run: {}", command.join(" "));
}
