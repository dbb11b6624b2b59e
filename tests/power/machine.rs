//! A machine with a forgetful disk and the server on it.

use crate::{
    disk::{Disk, Honesty, Loss},
    harness::Server,
    ledger::{Ledger, TINY},
};

/// A running server whose data lie on a [`Disk`].
pub struct Machine {
    server: Server,
    /// Dropped last: it can't be unmounted while the server lives.
    disk: Disk,
}

impl Machine {
    /// One that has been idle for a while since its first start. None where there can be no such disk.
    pub async fn start(sync: Honesty) -> Option<Self> {
        let disk = Disk::mount(sync)?;
        let server = Server::begin(&disk.path().join("data"), TINY);
        let mut machine = Self { server, disk };
        machine.server.ready().await;
        machine.settle();
        Some(machine)
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Lets the disk keep what it has, also what was never synced: compiled plugins, which are only a cache.
    pub fn settle(&self) {
        self.disk.settle();
    }

    /// Lets clients write until the power fails, at the `changes`th change or sync of the disk.
    pub async fn fail_while_writing(&mut self, ledger: &mut Ledger, changes: u64) {
        self.disk.fail_after(changes);
        ledger.write(&self.server, async |_| self.disk.failed().await, || self.pull_the_plug()).await;
    }

    /// Stops the server and the disk.
    pub fn pull_the_plug(&self) {
        self.server.signal("KILL");
        self.disk.power_off();
    }

    /// Power returns: whatever the disk lost, the server starts. At times the power fails again over it.
    pub async fn start_again(&mut self, loss: Loss, random: &mut fastrand::Rng) {
        self.server.kill();
        self.disk.restart(loss, random);
        self.server.begin_again();
        if random.u8(..4) == 0 {
            self.disk.fail_after(random.u64(..30));
            tokio::select! {
                () = self.server.ready() => {}
                () = self.disk.failed() => {
                    self.pull_the_plug();
                    self.server.kill();
                    self.disk.restart(loss, random);
                    self.server.begin_again();
                }
            }
            self.disk.fail_after(u64::MAX);
        }
        self.server.ready().await;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A server that waits for the disk could not end.
        self.disk.power_off();
    }
}
