use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Context;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

/// The `reference_server` that was built beside a load program, on a port of its own.
#[derive(Debug)]
pub struct Reference {
    child: Child,
    pid: u32,
    /// Where it listens.
    pub to: SocketAddr,
    log: Arc<AtomicU64>,
}

/// What a process uses.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory in KiB.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Time on a processor so far.
    pub cpu: Duration,
}

impl Reference {
    /// Starts it, with so many descriptors at most if that is said.
    ///
    /// # Errors
    ///
    /// Returns an error when it can't be started, or does not say that it is ready.
    pub async fn start(args: &[&str], descriptors: Option<u32>) -> anyhow::Result<Self> {
        let server = std::env::current_exe()?.with_file_name("reference_server");
        let limit = descriptors.map_or(String::new(), |most| format!("ulimit -n {most}; "));
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limit}exec \"$0\" --port 0 \"$@\"")])
            .arg(&server)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} is built with the workspace", server.display()))?;
        let pid = child.id().context("it runs")?;
        let mut lines = BufReader::new(child.stdout.take().context("it is piped")?).lines();
        let ready = lines.next_line().await?.context("it says that it is ready")?;
        let port = ready.split(' ').nth(2).context("it names its port")?.parse()?;
        let log = Arc::new(AtomicU64::new(0));
        let (mut errors, written) = (child.stderr.take().context("it is piped")?, Arc::clone(&log));
        tokio::spawn(async move {
            let mut part = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = errors.read(&mut part).await {
                written.fetch_add(read as u64, Relaxed);
            }
        });
        Ok(Self { child, pid, to: SocketAddr::from(([127, 0, 0, 1], port)), log })
    }

    /// Returns its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns how many bytes it has logged.
    #[must_use]
    pub fn logged(&self) -> u64 {
        self.log.load(Relaxed)
    }

    /// Returns what it uses now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        usage(self.pid)
    }

    /// Says whether it still runs.
    ///
    /// # Errors
    ///
    /// Returns an error when it has ended.
    pub fn lives(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.child.try_wait()?.is_none(), "the server has ended");
        Ok(())
    }
}

/// Returns what a process uses, as far as the system tells.
#[must_use]
pub fn usage(pid: u32) -> Usage {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
    let status = read("status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    // After the name in parentheses, in hundredths of a second.
    let stat = read("stat").unwrap_or_default();
    let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Usage {
        memory: memory.unwrap_or_default(),
        descriptors,
        cpu: Duration::from_millis(ticks * 10),
    }
}
