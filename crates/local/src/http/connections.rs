//! The connections that are open: how many may be, and which of them make room for others.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::http::activity::Activity;
use crate::http::connection;
use crate::local::Local;

/// How many are turned away at the same time. All others wait in the operating system's queue.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// How long a connection has to have waited for a request before it makes room for another one.
const MAKES_ROOM: Duration = Duration::from_secs(1);
/// How long a graceful shutdown waits for answers under way.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(1);

/// Accepts connections until the server stops. All of them end with the returned future.
pub(crate) async fn serve(local: Arc<Local>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = Connections::new(local.settings.max_connections);
    loop {
        let is_full = connections.is_full();
        tokio::select! {
            () = connection::told(&mut stop) => break,
            accepted = listener.accept(), if !is_full => match accepted {
                Ok((stream, _)) if local.faults.refuse_connection() => {
                    // If it fails, the connection ends in the usual way.
                    let _ = stream.set_zero_linger();
                }
                Ok((stream, _)) => connections.open(&local, stream, &stop),
                // Out of file descriptors, most likely: wait for some to come back.
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.tasks.join_next() => {}
            () = tokio::time::sleep(MAKES_ROOM), if is_full => {}
        }
    }
    drop(listener);
    let finished = async { while connections.tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_PATIENCE, finished).await.is_err() {
        tracing::debug!("connections were cut off by the shutdown");
    }
}

struct Connections {
    most: usize,
    tasks: JoinSet<()>,
    admitted: Vec<Admitted>,
    turned_away: Vec<AbortHandle>,
}

struct Admitted {
    activity: Arc<Activity>,
    task: AbortHandle,
}

impl Connections {
    fn new(most: usize) -> Self {
        Self { most, tasks: JoinSet::new(), admitted: Vec::new(), turned_away: Vec::new() }
    }

    /// Whether one more connection could neither be served nor turned away.
    fn is_full(&mut self) -> bool {
        self.admitted.retain(|admitted| !admitted.task.is_finished());
        self.turned_away.retain(|task| !task.is_finished());
        let has_room = self.admitted.len() < self.most || self.idlest().is_some();
        !has_room && self.turned_away.len() >= TURNED_AWAY_AT_ONCE
    }

    /// Serves a connection where there is room, or where another one makes room; else turns it away.
    fn open(&mut self, local: &Arc<Local>, stream: TcpStream, stop: &watch::Receiver<bool>) {
        let local = Arc::clone(local);
        if self.admitted.len() >= self.most {
            let Some(idlest) = self.idlest() else {
                self.turned_away.push(self.tasks.spawn(connection::turn_away(local, stream)));
                return;
            };
            self.admitted.swap_remove(idlest).task.abort();
        }
        let activity = Activity::new();
        let task = self.tasks.spawn(connection::serve(local, stream, Arc::clone(&activity), stop.clone()));
        self.admitted.push(Admitted { activity, task });
    }

    /// The place of the one that has waited longest for a request, if that is long enough to make room.
    fn idlest(&self) -> Option<usize> {
        let waiting = self.admitted.iter().enumerate();
        let waiting = waiting.filter_map(|(place, admitted)| Some((admitted.activity.waiting()?, place)));
        waiting.filter(|(waiting, _)| *waiting >= MAKES_ROOM).max().map(|(_, place)| place)
    }
}
