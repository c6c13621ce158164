use std::{
    ffi::{OsStr, OsString},
    io::Write,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{Process, script};

/// Hosts on a network of their own, each a network namespace that is joined to a bridge in another
/// one. Nothing that they send leaves it. It is taken down when it is dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    hosts: usize,
    /// What joins the hosts if it is not a bridge.
    relay: Option<Process>,
}

impl Network {
    /// Makes a network of hosts; says loudly that the test is skipped where that is not possible.
    ///
    /// # Panics
    ///
    /// Panics when it was possible to begin and not to finish.
    #[must_use]
    pub fn new(hosts: usize) -> Option<Self> {
        let network = Self::unjoined(hosts)?;
        let hub = network.hub();
        let bridge = ["link", "add", "hub", "type", "bridge", "mcast_snooping", "0"];
        must(&[&["ip", "-n", &hub][..], &bridge].concat());
        must(&["ip", "-n", &hub, "link", "set", "hub", "up"]);
        for host in 0..hosts {
            must(&["ip", "-n", &hub, "link", "set", &format!("h{host}"), "master", "hub"]);
        }
        Some(network)
    }

    /// Makes a network whose hosts are joined by a relay that loses this share of all frames in
    /// each direction, in percent, sends some twice, and delays and reorders them.
    ///
    /// # Panics
    ///
    /// Panics when it was possible to begin and not to finish.
    pub async fn lossy(hosts: usize, loss: u8, python: &Path) -> Option<Self> {
        let mut network = Self::unjoined(hosts)?;
        let (program, loss) = (script("relay.py"), loss.to_string());
        let mut args = vec![program.into_os_string(), loss.into()];
        args.extend((0..hosts).map(|host| format!("h{host}").into()));
        let mut relay = start(&network.hub(), python, args);
        assert_eq!(relay.line().await.as_deref(), Some("READY"));
        network.relay = Some(relay);
        Some(network)
    }

    fn unjoined(hosts: usize) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("netaio-{}-{number}", std::process::id());
        let network = Self { name, hosts, relay: None };
        if !run(&["ip", "netns", "add", &network.hub()]) {
            // Past the capture of the test harness: a skipped test is to be seen.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: a test of several hosts; it needs the right to make network namespaces"
            );
            return None;
        }
        (0..hosts).for_each(|host| network.add(host));
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
        must(&["ip", "-n", &hub, "link", "set", &near, "up"]);
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
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        start(&self.host(host), program, args)
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

/// Starts a program in a namespace.
fn start(name: &str, program: &Path, args: impl IntoIterator<Item = OsString>) -> Process {
    let enter = ["netns".into(), "exec".into(), name.into(), program.into()];
    Process::start(Path::new("ip"), enter.into_iter().chain(args))
}

fn run(command: &[&str]) -> bool {
    let (program, args) = command.split_first().expect("a command has a program");
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn must(command: &[&str]) {
    assert!(run(command), "can't run: {}", command.join(" "));
}
