//! Accepts connections, and closes idle ones when too many are open.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::http::activity::Activity;
use crate::http::connection;
use crate::local::Local;

/// The number of connections that can be rejected at the same time. All others wait in the operating system's queue.
const REJECTED_AT_ONCE: usize = 64;
/// The time that a connection must have been idle before it is closed in favour of a new one.
const REPLACEABLE_AFTER: Duration = Duration::from_secs(1);
/// The time that a graceful shutdown waits for active requests.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Accepts connections until the server stops. All of them end with the returned future.
pub(crate) async fn serve(local: Arc<Local>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = Connections::new(local.settings.max_connections);
    loop {
        let is_full = connections.is_full();
        tokio::select! {
            () = connection::stopped(&mut stop) => break,
            accepted = listener.accept(), if !is_full => match accepted {
                Ok((stream, _)) if local.faults.refuse_connection() => {
                    // If this fails, the connection ends without a reset.
                    let _ = stream.set_zero_linger();
                }
                Ok((stream, _)) => connections.open(&local, stream, &stop),
                // Most likely there are no file descriptors left: wait for some to be closed.
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.tasks.join_next() => {}
            () = tokio::time::sleep(REPLACEABLE_AFTER), if is_full => {}
        }
    }
    drop(listener);
    let finished = async { while connections.tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, finished).await.is_err() {
        tracing::debug!("the shutdown closed connections with active requests");
    }
}

struct Connections {
    most: usize,
    tasks: JoinSet<()>,
    admitted: Vec<Admitted>,
    rejected: Vec<AbortHandle>,
}

struct Admitted {
    activity: Arc<Activity>,
    task: AbortHandle,
}

impl Connections {
    fn new(most: usize) -> Self {
        Self { most, tasks: JoinSet::new(), admitted: Vec::new(), rejected: Vec::new() }
    }

    /// Whether a new connection could neither be served nor rejected.
    fn is_full(&mut self) -> bool {
        self.admitted.retain(|admitted| !admitted.task.is_finished());
        self.rejected.retain(|task| !task.is_finished());
        let has_room = self.admitted.len() < self.most || self.longest_idle().is_some();
        !has_room && self.rejected.len() >= REJECTED_AT_ONCE
    }

    /// Serves a connection, in place of an idle one if too many are open. Rejects it if none is idle.
    fn open(&mut self, local: &Arc<Local>, stream: TcpStream, stop: &watch::Receiver<bool>) {
        let local = Arc::clone(local);
        if self.admitted.len() >= self.most {
            let Some(longest_idle) = self.longest_idle() else {
                self.rejected.push(self.tasks.spawn(connection::reject(local, stream)));
                return;
            };
            self.admitted.swap_remove(longest_idle).task.abort();
        }
        let activity = Activity::new();
        let task = self.tasks.spawn(connection::serve(local, stream, Arc::clone(&activity), stop.clone()));
        self.admitted.push(Admitted { activity, task });
    }

    /// The index of the connection that has been idle longest, if that is long enough to close it.
    fn longest_idle(&self) -> Option<usize> {
        let admitted = self.admitted.iter().enumerate();
        let idle = admitted.filter_map(|(index, admitted)| Some((admitted.activity.idle_time()?, index)));
        idle.filter(|(idle_time, _)| *idle_time >= REPLACEABLE_AFTER).max().map(|(_, index)| index)
    }
}
