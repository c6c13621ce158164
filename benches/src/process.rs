//! Programs under test, and what the kernel counts of them.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A server in a process of its own; it ends with this.
#[derive(Debug)]
pub struct Server {
    child: Child,
    addr: SocketAddr,
}

impl Server {
    /// Starts a server on the first processor and waits until it says where it listens: with a
    /// line `READY NETWORK PORT` on its standard output.
    ///
    /// # Errors
    ///
    /// Fails when it can't be started or says something else.
    pub fn start(program: &Path, args: &[String]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let child = on_processor(0, || command.spawn());
        let mut child = child.with_context(|| format!("{} can't be started", program.display()))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut server = Self { child, addr: (Ipv4Addr::LOCALHOST, 0).into() };
        let mut line = String::new();
        io::BufRead::read_line(&mut io::BufReader::new(output), &mut line)?;
        let port = line.split(' ').nth(2).and_then(|word| word.trim().parse().ok());
        let Some(port) = port else { bail!("{} says {line:?}", program.display()) };
        server.addr.set_port(port);
        Ok(server)
    }

    /// Returns where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the processor time it has used.
    ///
    /// # Errors
    ///
    /// Fails when it has ended.
    pub fn cpu(&self) -> Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Returns how many bytes of memory it has in use.
    ///
    /// # Errors
    ///
    /// Fails when it has ended.
    pub fn memory(&self) -> Result<usize> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let kilobytes = text.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
        let kilobytes = kilobytes.and_then(|text| text.trim().split(' ').next()?.parse().ok());
        let kilobytes: usize = kilobytes.context("the kernel says how much memory it has")?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the processor time that this process has used.
///
/// # Errors
///
/// Fails where the kernel does not say.
pub fn own_cpu() -> Result<Duration> {
    cpu("self")
}

/// Adds up what the threads of a process have run; the kernel counts nanoseconds there, elsewhere
/// only hundredths of a second.
fn cpu(process: &str) -> Result<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
        all += Duration::from_nanos(nanoseconds.context("the kernel counts run time")?);
    }
    Ok(all)
}

/// Runs this thread on the last processor, away from the server's.
pub fn step_aside() {
    pin(processors() - 1);
}

/// Raises the number of descriptors to what is allowed.
pub fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

fn on_processor<T>(number: usize, run: impl FnOnce() -> T) -> T {
    pin(number);
    let result = run();
    step_aside();
    result
}

fn processors() -> usize {
    let all = || fs::read_to_string("/proc/cpuinfo");
    let count =
        all().map_or(1, |text| text.lines().filter(|line| line.starts_with("processor")).count());
    count.max(1)
}

/// Keeps this thread, and what it starts, on one processor; where that is not allowed it stays free.
fn pin(number: usize) {
    let Ok(before) = sched_getaffinity(None) else { return };
    let mut one = CpuSet::new();
    one.set(number);
    if sched_setaffinity(None, &one).is_err() {
        let _ = sched_setaffinity(None, &before);
    }
}
