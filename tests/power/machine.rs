//! A machine with a forgetful disk and the server on it.

use crate::{
    harness::{self, Disk, Honesty, Server},
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
    pub async fn start(honesty: Honesty) -> Option<Self> {
        let disk = Disk::mount(honesty)?;
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

    /// Checks every checksum, reference and count of the data while the server runs.
    pub fn verify(&self) {
        harness::verify(self.server.data());
    }

    /// Lets clients write until the power fails, at the `changes`th change or sync of the disk.
    pub async fn fail_while_writing(&mut self, ledger: &mut Ledger, changes: u64) {
        let Self { server, disk } = self;
        disk.fail_after(changes);
        let pull_the_plug = || {
            server.signal("KILL");
            // Its last threads wait for the disk, and the clients for them.
            disk.power_off();
        };
        ledger.write(server, async |_| disk.failed().await, pull_the_plug).await;
    }

    /// Power returns: whatever the disk lost, the server starts. At times the power fails again over it.
    pub async fn start_again(&mut self, loss: &str, random: &mut fastrand::Rng) {
        self.restart(loss, random);
        if random.u8(..4) == 0 {
            self.disk.fail_after(random.u64(..30));
            let has_failed = tokio::select! {
                () = self.server.ready() => false,
                () = self.disk.failed() => true,
            };
            if has_failed {
                self.server.signal("KILL");
                self.restart(loss, random);
            } else {
                self.disk.fail_after(u64::MAX);
            }
        }
        self.server.ready().await;
    }

    /// What follows a SIGKILL.
    fn restart(&mut self, loss: &str, random: &mut fastrand::Rng) {
        self.disk.power_off();
        self.server.kill();
        self.disk.restart(loss, random);
        self.server.begin_again();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A server that waits for the disk could not end.
        self.disk.power_off();
    }
}
