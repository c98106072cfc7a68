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
    files: Vec<usize>,
    /// The open files before the work, and after it.
    pub(crate) first_files: usize,
    pub(crate) last_files: usize,
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
        let quarter = self.memory.len() / 4;
        (median(&self.memory[quarter..2 * quarter]), median(&self.memory[3 * quarter..]))
    }

    /// The most open files in the second and in the last quarter of the time.
    pub(crate) fn most_files(&self) -> (usize, usize) {
        let quarter = self.files.len() / 4;
        let most = |files: &[usize]| files.iter().copied().max().unwrap_or_default();
        (most(&self.files[quarter..2 * quarter]), most(&self.files[3 * quarter..]))
    }
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

fn files(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).expect("Linux's /proc").count()
}
