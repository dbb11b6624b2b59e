//! Which names stand for what, in all folders: as seen, and as kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    mem,
};

use crate::loss::Losing;

/// A file or a folder.
pub type Node = u64;

/// The folder that is the disk.
pub const ROOT: Node = 1;

/// A name in a folder.
pub type Place = (Node, OsString);

type Tree = BTreeMap<Place, Node>;

/// What programs see, and what a power failure leaves.
#[derive(Debug, Default)]
pub struct Names {
    seen: Tree,
    kept: Tree,
    /// What leads from kept to seen, in order.
    unsynced: Vec<Change>,
}

/// Each is atomic: it survives a power failure whole or not at all.
#[derive(Debug)]
enum Change {
    Add(Place, Node),
    Remove(Place),
    Move { from: Place, to: Place, node: Node },
}

impl Names {
    /// What a name stands for.
    pub fn find(&self, folder: Node, name: &OsStr) -> Option<Node> {
        self.seen.get(&(folder, name.to_owned())).copied()
    }

    /// The names in a folder.
    pub fn list(&self, folder: Node) -> impl Iterator<Item = (&OsStr, Node)> {
        let from = self.seen.range((folder, OsString::new())..);
        from.take_while(move |(place, _)| place.0 == folder).map(|(place, node)| (place.1.as_os_str(), *node))
    }

    /// How many names a node has.
    pub fn count(&self, node: Node) -> usize {
        self.seen.values().filter(|named| **named == node).count()
    }

    /// Gives a node a name.
    pub fn add(&mut self, place: Place, node: Node) {
        self.change(Change::Add(place, node));
    }

    /// Takes a name away.
    pub fn remove(&mut self, place: Place) {
        self.change(Change::Remove(place));
    }

    /// Gives a node another name, which may have stood for something else.
    pub fn rename(&mut self, from: Place, to: Place, node: Node) {
        self.change(Change::Move { from, to, node });
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }

    /// Keeps the names in one folder as they are seen.
    pub fn sync(&mut self, folder: Node) {
        self.keep(|change| change.touches(folder));
    }

    /// Keeps all names as they are seen.
    pub fn sync_all(&mut self) {
        self.keep(|_| true);
    }

    fn keep(&mut self, chosen: impl Fn(&Change) -> bool) {
        let (kept, unsynced): (Vec<_>, Vec<_>) = mem::take(&mut self.unsynced).into_iter().partition(chosen);
        kept.iter().for_each(|change| change.apply(&mut self.kept));
        self.unsynced = unsynced;
    }

    /// Forgets what was not synced, but for what the loss spares of it; gives the nodes that can still be reached.
    pub fn lose(&mut self, losing: &mut Losing<'_>) -> BTreeSet<Node> {
        let changes = mem::take(&mut self.unsynced);
        for change in losing.spared(changes) {
            change.apply(&mut self.kept);
        }
        let reached = self.reached();
        self.kept.retain(|place, _| reached.contains(&place.0));
        self.seen.clone_from(&self.kept);
        reached
    }

    fn reached(&self) -> BTreeSet<Node> {
        let mut reached = BTreeSet::from([ROOT]);
        let mut folders = vec![ROOT];
        while let Some(folder) = folders.pop() {
            let inside = self.kept.range((folder, OsString::new())..).take_while(|(place, _)| place.0 == folder);
            folders.extend(inside.map(|(_, node)| *node).filter(|node| reached.insert(*node)));
        }
        reached
    }
}

impl Change {
    fn apply(&self, to: &mut Tree) {
        match self {
            Self::Add(place, node) => _ = to.insert(place.clone(), *node),
            Self::Remove(place) => _ = to.remove(place),
            Self::Move { from, to: place, node } => {
                to.remove(from);
                to.insert(place.clone(), *node);
            }
        }
    }

    fn touches(&self, folder: Node) -> bool {
        match self {
            Self::Add(place, _) | Self::Remove(place) => place.0 == folder,
            Self::Move { from, to, .. } => from.0 == folder || to.0 == folder,
        }
    }
}
