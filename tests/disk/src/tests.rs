//! What the disk keeps and what it loses.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
};

use tempfile::TempDir;

use crate::{
    disk::{Disk, Honesty},
    loss::Loss,
};

/// A disk and where it is mounted; the fields are dropped in this order.
struct Mounted {
    _disk: Disk,
    folder: TempDir,
}

impl Mounted {
    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A disk that lost power after `work`, with what was not synced.
fn after(honesty: Honesty, loss: Loss, work: impl FnOnce(&Path)) -> Mounted {
    let folder = TempDir::new().expect("a folder");
    let mut disk = Disk::mount(folder.path(), honesty).expect("mounted");
    work(folder.path());
    disk.restart(loss, &mut fastrand::Rng::with_seed(7)).expect("mounted anew");
    Mounted { _disk: disk, folder }
}

fn write(path: &Path, bytes: &[u8]) -> File {
    let mut file = File::create(path).expect("a file");
    file.write_all(bytes).expect("written");
    file
}

fn sync(path: &Path) {
    File::open(path).and_then(|file| file.sync_all()).expect("synced");
}

#[test]
fn loses_what_was_not_synced_and_keeps_the_rest() {
    let work = |root: &Path| {
        write(&root.join("kept"), b"kept").sync_all().expect("synced");
        write(&root.join("empty"), b"lost");
        sync(root);
        write(&root.join("kept"), b"changed");
        write(&root.join("nameless"), b"synced").sync_all().expect("synced");
    };
    let disk = after(Honesty::Honest, Loss::Everything, work);
    assert_eq!(fs::read(disk.path().join("kept")).expect("kept"), b"kept");
    assert_eq!(fs::read(disk.path().join("empty")).expect("kept"), b"", "a name without its bytes");
    assert!(!disk.path().join("nameless").exists(), "bytes without a name");
}

#[test]
fn a_name_is_kept_by_syncing_its_folder_and_each_above_it() {
    for (synced, exists) in [(&["a/b"][..], false), (&["a/b", "a"], false), (&["a/b", "a", ""], true)] {
        let work = |root: &Path| {
            fs::create_dir_all(root.join("a/b")).expect("folders");
            write(&root.join("a/b/file"), b"bytes").sync_all().expect("synced");
            synced.iter().for_each(|folder| sync(&root.join(folder)));
        };
        let disk = after(Honesty::Honest, Loss::Everything, work);
        assert_eq!(disk.path().join("a/b/file").exists(), exists, "{synced:?}");
    }
}

#[test]
fn a_rename_happens_whole_or_not_at_all() {
    let names = |disk: &Mounted| ["old", "new"].map(|name| fs::read(disk.path().join(name)).ok());
    for is_synced in [false, true] {
        let work = |root: &Path| {
            write(&root.join("old"), b"1").sync_all().expect("synced");
            sync(root);
            fs::rename(root.join("old"), root.join("new")).expect("renamed");
            if is_synced {
                sync(root);
            }
        };
        let disk = after(Honesty::Honest, Loss::Everything, work);
        let expected = if is_synced { [None, Some(b"1".to_vec())] } else { [Some(b"1".to_vec()), None] };
        assert_eq!(names(&disk), expected);
    }
}

#[test]
fn a_torn_write_leaves_sectors_of_both_old_and_new_bytes() {
    for loss in [Loss::Tail(512), Loss::Scattered(512)] {
        let work = |root: &Path| {
            let mut file = write(&root.join("file"), &[b'o'; 8192]);
            file.sync_all().expect("synced");
            sync(root);
            file.seek(SeekFrom::Start(100)).expect("sought");
            file.write_all(&[b'n'; 8000]).expect("written");
        };
        let disk = after(Honesty::Honest, loss, work);
        let bytes = fs::read(disk.path().join("file")).expect("kept");
        let runs: Vec<_> = bytes.chunk_by(|a, b| a == b).map(|run| run.len()).collect();
        assert!(runs.len() > 1 && bytes.contains(&b'n'), "{loss:?}: {runs:?}");
        let borders = runs.iter().scan(0, |end, run| Some(std::mem::replace(end, *end + run) + run));
        assert!(borders.filter(|end| ![100, 8100].contains(end)).all(|end| end % 512 == 0), "{loss:?}: {runs:?}");
    }
}

#[test]
fn a_lying_disk_keeps_nothing() {
    let work = |root: &Path| {
        write(&root.join("file"), b"bytes").sync_all().expect("answered");
        sync(root);
    };
    let disk = after(Honesty::Lying, Loss::Everything, work);
    assert_eq!(fs::read_dir(disk.path()).expect("a folder").count(), 0);
}
