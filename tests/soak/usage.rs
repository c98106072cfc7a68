//! The memory and the open files of both processes, as Linux tells.

use std::fs;

/// Samples of the client and the server.
#[derive(Debug)]
pub(crate) struct Samples {
    pub(crate) client: Usage,
    pub(crate) server: Usage,
}

/// Samples of a process, one a second.
#[derive(Debug)]
pub(crate) struct Usage {
    id: u32,
    /// Resident memory in KiB.
    memory: Vec<u64>,
    files: Vec<u64>,
    /// The open files before the work, and after it.
    pub(crate) first_files: u64,
    pub(crate) last_files: u64,
}

impl Samples {
    pub(crate) fn new(client: u32, server: u32) -> Self {
        Self { client: Usage::new(client), server: Usage::new(server) }
    }

    pub(crate) fn take(&mut self) {
        self.client.take();
        self.server.take();
    }

    /// Takes the samples after the work.
    pub(crate) fn take_last(&mut self) {
        self.client.last_files = files(self.client.id);
        self.server.last_files = files(self.server.id);
    }
}

impl Usage {
    fn new(id: u32) -> Self {
        Self { id, memory: Vec::new(), files: Vec::new(), first_files: files(id), last_files: 0 }
    }

    fn take(&mut self) {
        self.memory.push(memory(self.id));
        self.files.push(files(self.id));
    }

    /// The median of the resident memory, in KiB, in the second and in the last quarter of the time.
    pub(crate) fn memory(&self) -> (u64, u64) {
        medians(&self.memory)
    }

    /// The median of the open files in the second and in the last quarter of the time. The most files would say how many
    /// calls were open at once when the machine was busiest.
    pub(crate) fn files(&self) -> (u64, u64) {
        medians(&self.files)
    }
}

/// The medians of the second and of the last quarter.
fn medians(samples: &[u64]) -> (u64, u64) {
    let quarter = samples.len() / 4;
    (median(&samples[quarter..2 * quarter]), median(&samples[3 * quarter..]))
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("Linux's /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

fn files(id: u32) -> u64 {
    fs::read_dir(format!("/proc/{id}/fd")).expect("Linux's /proc").count() as u64
}
