//! Plugins by digest: from memory, from the verified cache, or compiled.

use std::{fmt, sync::Arc};

use driftline_core::{Description, Digest, MetricFactory};

use crate::{
    Error, Fuel, Limits, Metering, Options, Plugin, Refusal, RefusalCode, Stage, Usage, built_against,
    cache::Cache,
    compile,
    memories::Memories,
    meter::Meter,
    plugin,
    queue::{Purpose, Queue},
    runtime::Runtime,
    settings, shape,
    shelf::Shelf,
    world,
};

/// Where plugins are checked, compiled, kept and started. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    options: Options,
    on_huge_pages: Home,
    of_images: Home,
    shelf: Shelf,
    queue: Queue,
    meter: Option<Meter>,
}

/// Where plugins of one kind run, and the machine code that was made for it.
struct Home {
    runtime: Runtime,
    cache: Cache,
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
        let on_huge_pages = Home::open(&options, Memories::HugePages)?;
        let of_images = Home::open(&options, Memories::Images)?;
        let shelf = Shelf::new(options.loaded_bytes);
        let meter = (options.metering != Metering::Off).then(Meter::default);
        Ok(Self(Arc::new(Inner { options, on_huge_pages, of_images, shelf, queue: Queue::default(), meter })))
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
        let home = self.0.home(wasm);
        if is_used() || home.cache.read(digest).is_some() {
            return Ok(());
        }
        let is_unwanted = || is_stopped() || is_used();
        match compile::unhurried_artifact(&home.runtime, wasm, &self.0.options, &is_unwanted)? {
            Some(artifact) => home.cache.write(digest, &artifact),
            None => Ok(()),
        }
    }

    /// What a plugin uses up on generated rows, in fuel: counted by an engine of its own, whose machine code is not kept.
    /// With `is_stopped` nobody waits for it: it is compiled as [`Self::prepare`] does, and `None` when that was ended.
    /// Blocks.
    ///
    /// # Errors
    /// As [`Self::inspect`]; the inner one says why the measure is not known.
    pub fn fuel(
        &self,
        wasm: &[u8],
        is_stopped: Option<&dyn Fn() -> bool>,
    ) -> Result<Option<Result<Fuel, String>>, Error> {
        let options = Options { metering: Metering::Fuel, ..self.0.options.clone() };
        let runtime = Runtime::new(&options, Memories::of(wasm))?;
        let artifact = match is_stopped {
            Some(is_stopped) => compile::unhurried_artifact(&runtime, wasm, &options, is_stopped)?,
            None => Some(compile::artifact(&runtime, wasm, &options, &|| self.0.queue.is_stopped())?),
        };
        let Some(artifact) = artifact else { return Ok(None) };
        let component = plugin::component(&runtime.engine, &artifact)
            .map_err(|cause| Refusal::new(RefusalCode::CompileFailed, format!("what the compiler made: {cause}")))?;
        let fitting = world::fit(&component, &runtime.linker)?;
        let meter = Some(Meter::default());
        let plugin = Plugin::new(Digest::of(wasm), &component, fitting, options.limits, meter)?;
        Ok(Some(plugin.fuel()))
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
        self.0.homes().into_iter().try_for_each(|home| home.cache.remove(digest))
    }
}

impl Home {
    fn open(options: &Options, memories: Memories) -> Result<Self, Error> {
        let runtime = Runtime::new(options, memories)?;
        let cache = Cache::open(&options.cache_dir, settings::compatibility(&runtime.engine))?;
        Ok(Self { runtime, cache })
    }
}

impl Inner {
    /// Where a plugin of these bytes is at home.
    fn home(&self, wasm: &[u8]) -> &Home {
        match Memories::of(wasm) {
            Memories::HugePages => &self.on_huge_pages,
            Memories::Images => &self.of_images,
        }
    }

    fn homes(&self) -> [&Home; 2] {
        [&self.on_huge_pages, &self.of_images]
    }

    /// The plugin from memory or from the cache on disk.
    fn kept(&self, digest: &Digest) -> Result<Option<Arc<Plugin>>, Error> {
        if let Some(plugin) = self.shelf.get(digest) {
            return Ok(Some(plugin));
        }
        let found = self.homes().into_iter().find_map(|home| Some((home, home.cache.read(digest)?)));
        let Some((home, artifact)) = found else { return Ok(None) };
        match self.checked(home, digest, &artifact) {
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
        let home = self.home(bytes);
        let artifact = compile::artifact(&home.runtime, bytes, &self.options, &|| self.queue.is_stopped())?;
        let plugin = self.checked(home, digest, &artifact).map_err(|unusable| match unusable {
            Unusable::Plugin(refusal) => refusal,
            Unusable::Artifact(cause) => Refusal::new(
                RefusalCode::CompileFailed,
                format!("what the compiler made of the plugin is unusable: {cause}"),
            ),
        })?;
        home.cache.write(digest, &artifact)?;
        Ok(plugin)
    }

    fn checked(&self, home: &Home, digest: &Digest, artifact: &[u8]) -> Result<Arc<Plugin>, Unusable> {
        let Runtime { engine, linker, .. } = &home.runtime;
        let component = plugin::component(engine, artifact).map_err(Unusable::Artifact)?;
        let fitting = world::fit(&component, linker).map_err(Unusable::Plugin)?;
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
