//! Plugins by digest: from memory, from the verified cache, or compiled.

use std::{fmt, sync::Arc};

use driftline_core::{Description, Digest, MetricFactory};
use wasmtime::{Engine, component::Linker};

use crate::{
    Error, Limits, Metering, Options, Plugin, Refusal, RefusalCode, Stage, Usage, built_against,
    cache::Cache,
    compile, guest,
    guest::Guest,
    meter::Meter,
    plugin,
    queue::{Purpose, Queue},
    settings, shape,
    shelf::Shelf,
    ticker, world,
};

/// Where plugins are checked, compiled, kept and started. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    options: Options,
    engine: Engine,
    linker: Linker<Guest>,
    cache: Cache,
    shelf: Shelf,
    queue: Queue,
    meter: Option<Meter>,
}

/// A plugin that may be installed.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The digest of the bytes as they were uploaded.
    pub digest: Digest,
    /// What it says of itself.
    pub description: Description,
    /// The same as JSON, every known key present.
    pub description_json: String,
    /// The version of the contract that it was built against.
    pub world_version: String,
}

impl Sandbox {
    /// Sets up the Wasm runtime and opens the directory of compiled plugins.
    ///
    /// # Errors
    /// [`Error::Setup`] or [`Error::Io`].
    pub fn new(options: Options) -> Result<Self, Error> {
        let engine = settings::engine(options.limits.stack_bytes, options.metering == Metering::Fuel)?;
        let linker = guest::linker(&engine).map_err(|error| Error::Setup(format!("{error:#}")))?;
        let cache = Cache::open(&options.cache_dir, settings::compatibility(&engine))?;
        ticker::start(&engine)?;
        let shelf = Shelf::new(options.loaded_bytes);
        let meter = (options.metering != Metering::Off).then(Meter::default);
        Ok(Self(Arc::new(Inner { options, engine, linker, cache, shelf, queue: Queue::default(), meter })))
    }

    /// Decides whether some bytes may be installed as a plugin: compiles them,
    /// compares them with the contract's world and asks them for their
    /// description. Blocks for as long as a compilation may take and wait.
    ///
    /// # Errors
    /// [`Error::Refused`] says what the author can do; [`Error::Busy`] that
    /// others are waiting; [`Error::Stopped`]; anything else is our fault.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspected, Error> {
        shape::look(bytes, self.0.options.upload_bytes)?;
        built_against::check(bytes)?;
        let digest = Digest::of(bytes);
        let plugin = match self.0.kept(&digest)? {
            Some(plugin) => plugin,
            None => {
                let most_waiting = self.0.options.limits.compile_waiting;
                self.0.compiled(&digest, bytes, Purpose::Upload { most_waiting })?
            }
        };
        Ok(Inspected {
            digest,
            description: plugin.description().clone(),
            description_json: plugin.description_json().to_owned(),
            world_version: plugin.world_version(),
        })
    }

    /// An installed plugin, ready to be started. `wasm` is asked for the bytes
    /// only when there is no sound compiled form. Blocks then.
    ///
    /// # Errors
    /// [`Error::Fetch`] when `wasm` fails, [`Error::Digest`] when it gives
    /// other bytes, and as [`Self::inspect`].
    pub fn load<E>(&self, digest: &Digest, wasm: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Arc<Plugin>, Error>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Some(plugin) = self.0.kept(digest)? {
            return Ok(plugin);
        }
        let bytes = wasm().map_err(|error| Error::Fetch(error.into()))?;
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(Error::Digest { wanted: *digest, found });
        }
        self.0.compiled(digest, &bytes, Purpose::Use)
    }

    /// Compiles an installed plugin ahead of its first use, unless that is done: on one core, and only when nothing
    /// else wants it. Whoever asks for the plugin meanwhile compiles it at full speed, which ends this, as
    /// `is_stopped` does. Blocks.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn prepare(&self, digest: &Digest, wasm: &[u8], is_stopped: &dyn Fn() -> bool) -> Result<(), Error> {
        let is_used = || self.0.shelf.get(digest).is_some();
        if is_used() || self.0.cache.read(digest).is_some() {
            return Ok(());
        }
        let is_unwanted = || is_stopped() || is_used();
        match compile::unhurried_artifact(&self.0.engine, wasm, &self.0.options, &is_unwanted)? {
            Some(artifact) => self.0.cache.write(digest, &artifact),
            None => Ok(()),
        }
    }

    /// How far the compilation of a plugin is; `None` when it neither waits nor is at work.
    pub fn stage(&self, digest: &Digest) -> Option<Stage> {
        self.0.queue.stage(digest)
    }

    /// Ends compilations that others wait for, also those that have not begun; from then on none begins.
    pub fn stop(&self) {
        self.0.queue.stop();
    }

    /// What any plugin may use.
    pub fn limits(&self) -> &Limits {
        &self.0.options.limits
    }

    /// What plugins have used up since the last time; nothing unless [`Options::metering`] is on.
    pub fn take_usage(&self) -> Usage {
        self.0.meter.as_ref().map(Meter::take).unwrap_or_default()
    }

    /// Drops the compiled form of a plugin. Instances that run go on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn forget(&self, digest: &Digest) -> Result<(), Error> {
        self.0.shelf.remove(digest);
        self.0.cache.remove(digest)
    }
}

impl Inner {
    /// The plugin from memory or from the cache on disk.
    fn kept(&self, digest: &Digest) -> Result<Option<Arc<Plugin>>, Error> {
        if let Some(plugin) = self.shelf.get(digest) {
            return Ok(Some(plugin));
        }
        let Some(artifact) = self.cache.read(digest) else { return Ok(None) };
        match self.checked(digest, &artifact) {
            Ok(plugin) => Ok(Some(plugin)),
            Err(Unusable::Artifact(cause)) => {
                tracing::warn!(%digest, cause, "a compiled plugin is unusable; it is compiled again");
                Ok(None)
            }
            Err(Unusable::Plugin(refusal)) => Err(refusal.into()),
        }
    }

    fn compiled(&self, digest: &Digest, bytes: &[u8], purpose: Purpose) -> Result<Arc<Plugin>, Error> {
        let _turn = self.queue.turn((digest, bytes.len()), purpose, &self.options.limits)?;
        // The one before us in the queue may have compiled the same plugin.
        if let Some(plugin) = self.kept(digest)? {
            return Ok(plugin);
        }
        let artifact = compile::artifact(&self.engine, bytes, &self.options, &|| self.queue.is_stopped())?;
        let plugin = self.checked(digest, &artifact).map_err(|unusable| match unusable {
            Unusable::Plugin(refusal) => refusal,
            Unusable::Artifact(cause) => Refusal::new(
                RefusalCode::CompileFailed,
                format!("what the compiler made of the plugin is unusable: {cause}"),
            ),
        })?;
        self.cache.write(digest, &artifact)?;
        Ok(plugin)
    }

    fn checked(&self, digest: &Digest, artifact: &[u8]) -> Result<Arc<Plugin>, Unusable> {
        let component = plugin::component(&self.engine, artifact).map_err(Unusable::Artifact)?;
        let fitting = world::fit(&component, &self.linker).map_err(Unusable::Plugin)?;
        let plugin = Plugin::new(*digest, &component, fitting, self.options.limits.clone(), self.meter.clone())
            .map_err(Unusable::Plugin)?;
        let plugin = Arc::new(plugin);
        self.shelf.put(&plugin);
        Ok(plugin)
    }
}

/// Why an artifact gives no plugin: the artifact's fault, or the plugin's.
enum Unusable {
    Artifact(String),
    Plugin(Refusal),
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("options", &self.0.options).finish_non_exhaustive()
    }
}
