//! Installed plugins: their bytes, and what they say of themselves.

use bytes::Bytes;
use driftline_core::{Digest, Name, Time};
use object_store::path::Path;
use rusqlite::{Connection, OptionalExtension, Row, params};
use semver::Version;

use crate::{Error, Storage, alias, catalog, listed::ListedFile};

/// An installed plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRecord {
    /// The SHA-256 of its component.
    pub digest: Digest,
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: String,
    /// Its description as JSON text.
    pub description: String,
    /// How large its component is.
    pub size_bytes: u64,
    /// When it was installed.
    pub installed: Time,
    /// When it was retired, if it was. It can still be fetched by version or digest.
    pub retired: Option<Time>,
    /// What became of the laws that it claims to keep, as JSON text; none when it was installed before they were checked.
    pub laws: Option<String>,
    /// The limits that its upload set, as JSON text; none when it set none.
    pub limits: Option<String>,
    /// What it uses up on generated rows, as JSON text; none until that is measured.
    pub fuel: Option<String>,
}

/// One way to say which plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginRef {
    /// The highest semantic version that is not retired; a pre-release only when there is nothing else.
    Latest(Name),
    /// This version.
    Version(Name, String),
    /// What an alias of this name means now.
    Alias(Name, Name),
    /// These bytes.
    Digest(Digest),
}

/// How an installation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// It is installed now.
    New,
    /// The same bytes were installed already; if they were retired they no longer are. New findings about laws and new limits are kept.
    AlreadyThere,
}

impl Storage {
    /// Keeps a plugin and its component.
    ///
    /// # Errors
    /// [`Error::VersionTaken`] when the name and version mean other bytes already.
    pub fn install_plugin(&self, record: PluginRecord, wasm: &[u8]) -> Result<Installed, Error> {
        let path = path(&record.digest);
        if self.plugin(&PluginRef::Digest(record.digest))?.is_none() {
            self.refuse_taken(&record)?;
            self.inner.files.put(&path, Bytes::copy_from_slice(wasm))?;
        }
        self.inner.writer.call(move |group| install(group.connection, &record))
    }

    /// Spares writing a file that would be refused anyway; the writer decides.
    fn refuse_taken(&self, record: &PluginRecord) -> Result<(), Error> {
        match self.plugin(&PluginRef::Version(record.name.clone(), record.version.clone()))? {
            Some(_) => Err(taken(record)),
            None => Ok(()),
        }
    }

    /// Plugins, retired ones too, in the order of name and version text, at
    /// most `limit`, those after the name and version `after`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn plugins(&self, after: Option<(&Name, &str)>, limit: usize) -> Result<Vec<PluginRecord>, Error> {
        let (name, version) = after.map_or(("", ""), |(name, version)| (name.as_str(), version));
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} WHERE (name, version) > (?1, ?2) ORDER BY name, version LIMIT ?3");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![name, version, limit as i64], plugin)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The plugin that `which` means.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn plugin(&self, which: &PluginRef) -> Result<Option<PluginRecord>, Error> {
        self.inner.catalog.read(|view| find(view, which))
    }

    /// The plugins whose fuel is not measured, the oldest first.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn unmeasured_plugins(&self) -> Result<Vec<Digest>, Error> {
        self.inner.catalog.read(|view| {
            let mut statement =
                view.prepare_cached("SELECT digest FROM plugins WHERE fuel IS NULL ORDER BY installed, digest")?;
            let found = statement.query_map([], |row| catalog::digest(row, 0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what a plugin uses up on generated rows, JSON text.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn measure_plugin(&self, digest: &Digest, fuel: String) -> Result<(), Error> {
        let digest = *digest;
        self.inner.writer.call(move |group| {
            let values = params![digest.as_bytes(), fuel];
            group.connection.execute("UPDATE plugins SET fuel = ?2 WHERE digest = ?1", values)?;
            Ok(())
        })
    }

    /// A plugin's component.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not installed, [`Error::Corrupt`] when its file is not what was installed.
    pub fn plugin_wasm(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        if self.plugin(&PluginRef::Digest(*digest))?.is_none() {
            return Err(Error::not_found("plugin", digest));
        }
        self.inner.files.get(&path(digest), digest).map(Vec::from)
    }

    /// Retires the plugin: it is no longer the latest of its name, but stays for the record.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none such that is not retired, [`Error::Conflict`] while an alias means it.
    pub fn retire_plugin(&self, which: &PluginRef) -> Result<PluginRecord, Error> {
        let which = which.clone();
        self.inner.writer.call(move |group| {
            let found = find(group.connection, &which)?.filter(|record| record.retired.is_none());
            let record = found.ok_or_else(|| Error::not_found("plugin", &which))?;
            alias::refuse_aliased(group.connection, &record)?;
            group.connection.execute(
                "UPDATE plugins SET retired = ?2 WHERE digest = ?1",
                params![record.digest.as_bytes(), group.now.micros()],
            )?;
            Ok(PluginRecord { retired: Some(group.now), ..record })
        })
    }

    /// Takes back that the plugin was retired.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none such.
    pub fn reinstate_plugin(&self, which: &PluginRef) -> Result<PluginRecord, Error> {
        let which = which.clone();
        self.inner.writer.call(move |group| {
            let found = find(group.connection, &which)?;
            let record = found.ok_or_else(|| Error::not_found("plugin", &which))?;
            group
                .connection
                .execute("UPDATE plugins SET retired = NULL WHERE digest = ?1", [record.digest.as_bytes()])?;
            Ok(PluginRecord { retired: None, ..record })
        })
    }
}

impl PluginRef {
    /// What `name@tag` means: `latest`, a semantic version or an alias; `None` when `tag` can be none of these.
    pub fn tagged(name: Name, tag: &str) -> Option<Self> {
        if tag == Self::LATEST {
            return Some(Self::Latest(name));
        }
        if Version::parse(tag).is_ok() {
            return Some(Self::Version(name, tag.to_owned()));
        }
        tag.parse().ok().map(|alias| Self::Alias(name, alias))
    }

    /// The tag that always means the highest version.
    pub const LATEST: &str = "latest";
}

impl std::fmt::Display for PluginRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latest(name) => write!(f, "{name}"),
            Self::Version(name, version) => write!(f, "{name}@{version}"),
            Self::Alias(name, alias) => write!(f, "{name}@{alias}"),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

const SELECT: &str =
    "SELECT digest, name, version, description, size_bytes, installed, retired, laws, limits, fuel FROM plugins";

fn install(connection: &Connection, record: &PluginRecord) -> Result<Installed, Error> {
    let same = PluginRef::Version(record.name.clone(), record.version.clone());
    match find(connection, &same)? {
        Some(there) if there.digest != record.digest => return Err(taken(record)),
        Some(_) => {
            connection.execute(
                "UPDATE plugins SET retired = NULL, laws = coalesce(?2, laws), limits = coalesce(?3, limits) WHERE digest = ?1",
                params![record.digest.as_bytes(), record.laws, record.limits],
            )?;
            return Ok(Installed::AlreadyThere);
        }
        None => {}
    }
    connection
        .prepare_cached(
            "INSERT INTO plugins (digest, name, version, description, size_bytes, installed, retired, laws, limits, fuel)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            record.digest.as_bytes(),
            record.name.as_str(),
            record.version,
            record.description,
            record.size_bytes,
            record.installed.micros(),
            record.retired.map(Time::micros),
            record.laws,
            record.limits,
            record.fuel,
        ])?;
    Ok(Installed::New)
}

fn taken(record: &PluginRecord) -> Error {
    Error::VersionTaken { name: record.name.to_string(), version: record.version.clone() }
}

/// The plugin that `which` means.
pub(crate) fn find(connection: &Connection, which: &PluginRef) -> Result<Option<PluginRecord>, Error> {
    let one = |clause: &str, values: &[&dyn rusqlite::ToSql]| -> Result<Option<PluginRecord>, Error> {
        let query = format!("{SELECT} WHERE {clause}");
        Ok(connection.prepare_cached(&query)?.query_row(values, plugin).optional()?)
    };
    match which {
        PluginRef::Digest(digest) => one("digest = ?1", &[digest.as_bytes()]),
        PluginRef::Version(name, version) => one("name = ?1 AND version = ?2", &[&name.as_str(), version]),
        PluginRef::Latest(name) => latest(connection, name),
        PluginRef::Alias(name, alias) => match alias::target(connection, name, alias)? {
            Some(digest) => find(connection, &PluginRef::Digest(digest)),
            None => Ok(None),
        },
    }
}

fn latest(connection: &Connection, name: &Name) -> Result<Option<PluginRecord>, Error> {
    let query = format!("{SELECT} WHERE name = ?1 AND retired IS NULL");
    let found: Vec<PluginRecord> =
        connection.prepare_cached(&query)?.query_map([name.as_str()], plugin)?.collect::<Result<_, _>>()?;
    // What is no semantic version comes before all that are.
    Ok(found.into_iter().max_by_key(|record| {
        let version = Version::parse(&record.version).ok();
        (version.as_ref().map(|version| version.pre.is_empty()), version, record.installed)
    }))
}

fn plugin(row: &Row<'_>) -> rusqlite::Result<PluginRecord> {
    Ok(PluginRecord {
        digest: catalog::digest(row, 0)?,
        name: catalog::name(row, 1)?,
        version: row.get(2)?,
        description: row.get(3)?,
        size_bytes: row.get(4)?,
        installed: catalog::time(row, 5)?,
        retired: catalog::time_or_null(row, 6)?,
        laws: row.get(7)?,
        limits: row.get(8)?,
        fuel: row.get(9)?,
    })
}

fn path(digest: &Digest) -> Path {
    Path::from(format!("{FOLDER}/{}.wasm", digest.hex()))
}

const FOLDER: &str = "plugins";

/// Whether a file is a plugin's.
pub(crate) fn is_path(path: &Path) -> bool {
    path.parts().next().is_some_and(|folder| folder.as_ref() == FOLDER)
}

/// The files of all components.
pub(crate) fn files(connection: &Connection) -> Result<Vec<ListedFile>, Error> {
    let files = connection
        .prepare("SELECT digest, size_bytes FROM plugins")?
        .query_map([], |row| {
            let digest = catalog::digest(row, 0)?;
            Ok(ListedFile { path: path(&digest), bytes: row.get(1)?, digest })
        })?
        .collect::<Result<_, _>>()?;
    Ok(files)
}
