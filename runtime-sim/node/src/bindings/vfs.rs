//! The file system of one host, in memory: inodes, names, open files, and a disk that can be full. Errors are libuv's
//! codes.
//!
//! Leaves out: sockets, devices, mounts, and permissions, but for what even root may not do: run what no one may.

use kernel::Table;
use std::collections::BTreeMap;

pub type Code = &'static str;

#[derive(Clone, Debug)]
pub enum Content {
    File(Vec<u8>),
    Directory,
    Link(String),
}

#[derive(Clone, Debug)]
pub struct Inode {
    pub content: Content,
    pub mode: u32,
    pub owner: u32,
    pub group: u32,
    pub links: u32,
    pub accessed_ms: f64,
    pub modified_ms: f64,
    pub changed_ms: f64,
    pub born_ms: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct Open {
    pub inode: u64,
    pub position: u64,
    pub flags: u32,
}

/// What inotify would say of a path; `uv_fs_event` knows no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A name came or went.
    Rename,
    /// Contents or attributes changed.
    Change,
}

#[derive(Default)]
pub struct FileSystem {
    inodes: Table<u64, Inode>,
    names: BTreeMap<String, u64>,
    opened: Table<i32, Open>,
    next_inode: u64,
    /// Of all files.
    bytes: usize,
    pub now_ms: f64,
    /// By a fault of the world's.
    pub is_full: bool,
    pub umask: u32,
    /// Kept only while somebody watches.
    pub is_watched: bool,
    pub changes: Vec<(String, Change)>,
}

pub const O_WRONLY: u32 = 1;
pub const O_RDWR: u32 = 2;
pub const O_CREAT: u32 = 0o100;
pub const O_EXCL: u32 = 0o200;
pub const O_TRUNC: u32 = 0o1000;
pub const O_APPEND: u32 = 0o2000;
pub const O_DIRECTORY: u32 = 0o200_000;
// As on Linux.
const PATH_BYTES_MAX: usize = 4095;
const NAME_BYTES_MAX: usize = 255;
const LINKS_MAX: usize = 40;
/// What the disk holds. What it began with may be more; then nothing can be added.
const DISK_BYTES_MAX: usize = 256 << 20;

fn parent_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory == "/" {
        format!("/{name}")
    } else {
        format!("{directory}/{name}")
    }
}

impl FileSystem {
    pub fn new() -> Self {
        let mut files = Self {
            next_inode: 1,
            umask: 0o022,
            ..Self::default()
        };
        files.insert("/", Content::Directory, 0o755);
        files.mkdir_all("/tmp");
        files
    }

    fn insert(&mut self, path: &str, content: Content, mode: u32) -> u64 {
        let inode = self.next_inode;
        self.next_inode += 1;
        let now_ms = self.now_ms;
        self.inodes.insert(
            inode,
            Inode {
                content,
                mode,
                owner: 0,
                group: 0,
                links: 1,
                accessed_ms: now_ms,
                modified_ms: now_ms,
                changed_ms: now_ms,
                born_ms: now_ms,
            },
        );
        self.names.insert(path.to_owned(), inode);
        self.name_changed(path);
        inode
    }

    /// A name in a folder came or went, which changes the folder.
    fn name_changed(&mut self, path: &str) {
        let now_ms = self.now_ms;
        if let Some(folder) = self.names.get(parent_of(path)).copied()
            && let Some(node) = self.inodes.get_mut(&folder)
        {
            node.modified_ms = now_ms;
            node.changed_ms = now_ms;
        }
        self.note(path, Change::Rename);
    }

    fn note(&mut self, path: &str, change: Change) {
        if self.is_watched {
            self.changes.push((path.to_owned(), change));
        }
    }

    /// Contents or attributes changed, under whatever names the file has.
    fn inode_changed(&mut self, inode: u64) {
        if self.is_watched {
            let names = self.names.iter().filter(|(_, at)| **at == inode);
            let names: Vec<_> = names
                .map(|(name, _)| (name.clone(), Change::Change))
                .collect();
            self.changes.extend(names);
        }
    }

    pub fn mkdir_all(&mut self, path: &str) {
        let mut at = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = format!("{at}/{part}");
            if !self.names.contains_key(&at) {
                self.insert(&at, Content::Directory, 0o755);
            }
        }
    }

    /// Puts a file there, with the folders above it.
    pub fn place(&mut self, path: &str, bytes: Vec<u8>) {
        self.mkdir_all(parent_of(path));
        self.bytes += bytes.len();
        self.insert(path, Content::File(bytes), 0o644);
    }

    /// A whole file, for the host itself.
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        match &self.stat(path, true).ok()?.1.content {
            Content::File(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    /// The path without links, `.` and `..`; the last part may be missing.
    pub fn resolve(&self, path: &str, follow_last: bool) -> Result<String, Code> {
        if path.is_empty() {
            return Err("ENOENT");
        }
        if path.len() > PATH_BYTES_MAX {
            return Err("ENAMETOOLONG");
        }
        let mut parts: Vec<String> = path
            .split('/')
            .filter(|p| !p.is_empty())
            .rev()
            .map(str::to_owned)
            .collect();
        let must_be_directory = path.ends_with('/');
        let mut at = "/".to_owned();
        let mut links = 0;
        while let Some(part) = parts.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at = parent_of(&at).to_owned();
                    continue;
                }
                _ => {}
            }
            if !matches!(self.by_path(&at)?.content, Content::Directory) {
                return Err("ENOTDIR");
            }
            if part.len() > NAME_BYTES_MAX {
                return Err("ENAMETOOLONG");
            }
            let next = join(&at, &part);
            match self
                .names
                .get(&next)
                .map(|inode| &self.inodes[inode].content)
            {
                Some(Content::Link(target)) if follow_last || !parts.is_empty() => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err("ELOOP");
                    }
                    parts.extend(
                        target
                            .split('/')
                            .filter(|p| !p.is_empty())
                            .rev()
                            .map(str::to_owned),
                    );
                    if target.starts_with('/') {
                        at = "/".to_owned();
                    }
                }
                Some(_) => at = next,
                None if parts.is_empty() => at = next,
                None => return Err("ENOENT"),
            }
        }
        if must_be_directory && matches!(self.by_path(&at)?.content, Content::File(_)) {
            return Err("ENOTDIR");
        }
        Ok(at)
    }

    fn by_path(&self, resolved: &str) -> Result<&Inode, Code> {
        self.names
            .get(resolved)
            .map(|inode| &self.inodes[inode])
            .ok_or("ENOENT")
    }

    pub fn stat(&self, path: &str, follow: bool) -> Result<(u64, &Inode), Code> {
        let resolved = self.resolve(path, follow)?;
        let inode = *self.names.get(&resolved).ok_or("ENOENT")?;
        Ok((inode, &self.inodes[&inode]))
    }

    pub fn stat_open(&self, fd: i32) -> Result<(u64, &Inode), Code> {
        let open = self.opened.get(&fd).ok_or("EBADF")?;
        Ok((open.inode, &self.inodes[&open.inode]))
    }

    pub fn open(&mut self, path: &str, flags: u32, mode: u32) -> Result<i32, Code> {
        let resolved = self.resolve(path, true)?;
        let inode = match self.names.get(&resolved) {
            Some(_) if flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL => return Err("EEXIST"),
            Some(inode) => *inode,
            None if flags & O_CREAT != 0 => {
                if !matches!(
                    self.by_path(parent_of(&resolved))?.content,
                    Content::Directory
                ) {
                    return Err("ENOTDIR");
                }
                self.insert(&resolved, Content::File(Vec::new()), mode & !self.umask)
            }
            None => return Err("ENOENT"),
        };
        let writes = flags & (O_WRONLY | O_RDWR) != 0;
        let now_ms = self.now_ms;
        let node = self.inodes.get_mut(&inode).ok_or("ENOENT")?;
        match &mut node.content {
            Content::Directory if writes || flags & O_CREAT != 0 => return Err("EISDIR"),
            Content::File(_) if flags & O_DIRECTORY != 0 => return Err("ENOTDIR"),
            Content::File(bytes) if flags & O_TRUNC != 0 => {
                let had_any = !bytes.is_empty();
                self.bytes -= bytes.len();
                bytes.clear();
                node.modified_ms = now_ms;
                node.changed_ms = now_ms;
                if had_any {
                    self.inode_changed(inode);
                }
            }
            _ => {}
        }
        let fd = (17..)
            .find(|fd| !self.opened.contains_key(fd))
            .ok_or("EMFILE")?;
        self.opened.insert(
            fd,
            Open {
                inode,
                position: 0,
                flags,
            },
        );
        Ok(fd)
    }

    pub fn close(&mut self, fd: i32) -> Result<(), Code> {
        let open = self.opened.remove(&fd).ok_or("EBADF")?;
        self.forget_if_unused(open.inode);
        Ok(())
    }

    fn forget_if_unused(&mut self, inode: u64) {
        let unused = self.inodes.get(&inode).is_some_and(|node| node.links == 0)
            && !self.opened.values().any(|open| open.inode == inode);
        if unused {
            let gone = self.inodes.remove(&inode);
            if let Some(Content::File(bytes)) = gone.map(|node| node.content) {
                self.bytes -= bytes.len();
            }
        }
    }

    /// Reads at `position`, or where the file stands when that is negative.
    pub fn read(&mut self, fd: i32, length: usize, position: f64) -> Result<Vec<u8>, Code> {
        let open = self.opened.get_mut(&fd).ok_or("EBADF")?;
        if open.flags & 3 == O_WRONLY {
            return Err("EBADF");
        }
        let Content::File(bytes) = &self.inodes[&open.inode].content else {
            return Err("EISDIR");
        };
        let at = if position >= 0.0 {
            position as u64
        } else {
            open.position
        };
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let taken = bytes[from..from.saturating_add(length).min(bytes.len())].to_vec();
        if position < 0.0 {
            open.position += taken.len() as u64;
        }
        let (inode, now_ms) = (open.inode, self.now_ms);
        if let Some(node) = self.inodes.get_mut(&inode)
            && length > 0
        {
            node.accessed_ms = now_ms;
        }
        Ok(taken)
    }

    fn room(&self) -> usize {
        match self.is_full {
            true => 0,
            false => DISK_BYTES_MAX.saturating_sub(self.bytes),
        }
    }

    pub fn write(&mut self, fd: i32, data: &[u8], position: f64) -> Result<usize, Code> {
        let (now_ms, room) = (self.now_ms, self.room());
        let open = self.opened.get_mut(&fd).ok_or("EBADF")?;
        if open.flags & (O_WRONLY | O_RDWR) == 0 {
            return Err("EBADF");
        }
        let node = self.inodes.get_mut(&open.inode).ok_or("EBADF")?;
        let Content::File(bytes) = &mut node.content else {
            return Err("EISDIR");
        };
        if data.is_empty() {
            return Ok(0);
        }
        let mut data = data;
        let at = if open.flags & O_APPEND != 0 {
            bytes.len()
        } else if position >= 0.0 {
            position as usize
        } else {
            open.position as usize
        };
        let grows = at.saturating_add(data.len()).saturating_sub(bytes.len());
        if grows > room {
            // As much as there is room for.
            let fits = data.len().saturating_sub(grows - room);
            if fits == 0 {
                return Err("ENOSPC");
            }
            data = &data[..fits];
        }
        if bytes.len() < at + data.len() {
            self.bytes += at + data.len() - bytes.len();
            bytes.resize(at + data.len(), 0);
        }
        bytes[at..at + data.len()].copy_from_slice(data);
        node.modified_ms = now_ms;
        node.changed_ms = now_ms;
        if position < 0.0 {
            open.position = (at + data.len()) as u64;
        }
        let inode = open.inode;
        self.inode_changed(inode);
        Ok(data.len())
    }

    pub fn truncate(&mut self, fd: i32, length: usize) -> Result<(), Code> {
        let (now_ms, room) = (self.now_ms, self.room());
        let open = *self.opened.get(&fd).ok_or("EBADF")?;
        let node = self.inodes.get_mut(&open.inode).ok_or("EBADF")?;
        match &mut node.content {
            Content::File(bytes) if open.flags & (O_WRONLY | O_RDWR) != 0 => {
                let grows = length.saturating_sub(bytes.len());
                if grows > room {
                    return Err("ENOSPC");
                }
                self.bytes = self.bytes + grows - bytes.len().saturating_sub(length);
                bytes.resize(length, 0);
            }
            _ => return Err("EINVAL"),
        }
        node.modified_ms = now_ms;
        node.changed_ms = now_ms;
        self.inode_changed(open.inode);
        Ok(())
    }

    /// Names and what they are (libuv's directory entry types).
    pub fn read_directory(&self, path: &str) -> Result<Vec<(String, u32)>, Code> {
        let resolved = self.resolve(path, true)?;
        if !matches!(self.by_path(&resolved)?.content, Content::Directory) {
            return Err("ENOTDIR");
        }
        let prefix = if resolved == "/" {
            resolved
        } else {
            format!("{resolved}/")
        };
        Ok(self
            .names
            .range(prefix.clone()..)
            .take_while(|(name, _)| name.starts_with(&prefix))
            .filter(|(name, _)| name.len() > prefix.len() && !name[prefix.len()..].contains('/'))
            .map(|(name, inode)| {
                let kind = match self.inodes[inode].content {
                    Content::File(_) => 1,
                    Content::Directory => 2,
                    Content::Link(_) => 3,
                };
                (name[prefix.len()..].to_owned(), kind)
            })
            .collect())
    }

    pub fn make_directory(&mut self, path: &str, mode: u32) -> Result<(), Code> {
        let resolved = self.resolve(path.trim_end_matches('/'), false)?;
        if self.names.contains_key(&resolved) {
            return Err("EEXIST");
        }
        self.by_path(parent_of(&resolved))?;
        self.insert(&resolved, Content::Directory, mode & !self.umask);
        Ok(())
    }

    /// Answers the first folder that was made.
    pub fn make_directories(&mut self, path: &str, mode: u32) -> Result<Option<String>, Code> {
        let mut first = None;
        let mut at = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = format!("{at}/{part}");
            match self.make_directory(&at, mode) {
                Ok(()) => first = first.or_else(|| Some(at.clone())),
                Err("EEXIST") => {}
                Err(code) => return Err(code),
            }
        }
        if matches!(self.stat(path, true)?.1.content, Content::Directory) {
            Ok(first)
        } else {
            Err("EEXIST")
        }
    }

    pub fn unlink(&mut self, path: &str) -> Result<(), Code> {
        let resolved = self.resolve(path, false)?;
        if matches!(self.by_path(&resolved)?.content, Content::Directory) {
            return Err("EISDIR");
        }
        self.drop_name(&resolved);
        Ok(())
    }

    fn drop_name(&mut self, resolved: &str) {
        if let Some(inode) = self.names.remove(resolved) {
            let now_ms = self.now_ms;
            if let Some(node) = self.inodes.get_mut(&inode) {
                node.links -= 1;
                node.changed_ms = now_ms;
            }
            self.forget_if_unused(inode);
            self.name_changed(resolved);
        }
    }

    pub fn remove_directory(&mut self, path: &str) -> Result<(), Code> {
        let resolved = self.resolve(path, false)?;
        if !matches!(self.by_path(&resolved)?.content, Content::Directory) {
            return Err("ENOTDIR");
        }
        if !self.read_directory(&resolved)?.is_empty() {
            return Err("ENOTEMPTY");
        }
        self.drop_name(&resolved);
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Code> {
        let from = self.resolve(from, false)?;
        let to = self.resolve(to, false)?;
        let inode = *self.names.get(&from).ok_or("ENOENT")?;
        self.by_path(parent_of(&to))?;
        if self.names.get(&to) == Some(&inode) {
            return Ok(());
        }
        let below = format!("{from}/");
        let moves_directory = matches!(self.by_path(&from)?.content, Content::Directory);
        if moves_directory && to.starts_with(&below) {
            return Err("EINVAL");
        }
        if self.names.contains_key(&to) {
            match self.by_path(&to)?.content {
                Content::Directory if moves_directory => self.remove_directory(&to)?,
                Content::Directory => return Err("EISDIR"),
                _ if moves_directory => return Err("ENOTDIR"),
                _ => self.drop_name(&to),
            }
        }
        let moved: Vec<_> = self
            .names
            .range(below.clone()..)
            .take_while(|(name, _)| name.starts_with(&below))
            .map(|(name, inode)| (name.clone(), *inode))
            .collect();
        for (name, inode) in moved {
            self.names.remove(&name);
            self.names
                .insert(format!("{to}/{}", &name[below.len()..]), inode);
        }
        self.names.remove(&from);
        self.name_changed(&from);
        self.name_changed(&to);
        self.names.insert(to, inode);
        Ok(())
    }

    pub fn link(&mut self, from: &str, to: &str) -> Result<(), Code> {
        let from = self.resolve(from, false)?;
        let to = self.resolve(to, false)?;
        let inode = *self.names.get(&from).ok_or("ENOENT")?;
        if self.names.contains_key(&to) {
            return Err("EEXIST");
        }
        if let Some(node) = self.inodes.get_mut(&inode) {
            if matches!(node.content, Content::Directory) {
                return Err("EPERM");
            }
            node.links += 1;
        }
        self.by_path(parent_of(&to))?;
        self.name_changed(&to);
        self.names.insert(to, inode);
        Ok(())
    }

    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), Code> {
        let resolved = self.resolve(path, false)?;
        if self.names.contains_key(&resolved) {
            return Err("EEXIST");
        }
        self.by_path(parent_of(&resolved))?;
        self.insert(&resolved, Content::Link(target.to_owned()), 0o777);
        Ok(())
    }

    /// Changes an inode that exists: its mode, its owner or its times.
    pub fn change(
        &mut self,
        path: &str,
        follow: bool,
        how: impl FnOnce(&mut Inode),
    ) -> Result<(), Code> {
        let resolved = self.resolve(path, follow)?;
        let inode = *self.names.get(&resolved).ok_or("ENOENT")?;
        self.change_inode(inode, how);
        Ok(())
    }

    /// The same for an open file.
    pub fn change_open(&mut self, fd: i32, how: impl FnOnce(&mut Inode)) -> Result<(), Code> {
        let inode = self.opened.get(&fd).ok_or("EBADF")?.inode;
        self.change_inode(inode, how);
        Ok(())
    }

    fn change_inode(&mut self, inode: u64, how: impl FnOnce(&mut Inode)) {
        let now_ms = self.now_ms;
        if let Some(node) = self.inodes.get_mut(&inode) {
            how(node);
            node.changed_ms = now_ms;
        }
        self.inode_changed(inode);
    }

    /// `copy_file_range` of a whole file; the copy has the mode of its source.
    pub fn copy(&mut self, from: &str, to: &str, exclusive: bool) -> Result<(), Code> {
        let (number, source) = self.stat(from, true)?;
        let mode = source.mode;
        let bytes = match &source.content {
            Content::File(bytes) => bytes.clone(),
            _ => return Err("EISDIR"),
        };
        if !exclusive && self.stat(to, true).is_ok_and(|(there, _)| there == number) {
            return Ok(());
        }
        let flags = O_WRONLY | O_CREAT | if exclusive { O_EXCL } else { O_TRUNC };
        let fd = self.open(to, flags, mode)?;
        self.write(fd, &bytes, -1.0)?;
        self.change_open(fd, |node| node.mode = mode)?;
        self.close(fd)
    }

    pub fn is_open(&self, fd: i32) -> bool {
        self.opened.contains_key(&fd)
    }

    /// `access(2)` as root: only running a file takes that somebody may.
    pub fn access(&self, path: &str, mode: u32) -> Result<(), Code> {
        const RUN: u32 = 1;
        let node = self.stat(path, true)?.1;
        let forbidden =
            mode & RUN != 0 && matches!(node.content, Content::File(_)) && node.mode & 0o111 == 0;
        if forbidden { Err("EACCES") } else { Ok(()) }
    }

    /// The files in a folder and in those below it, in order of their paths.
    pub fn files_below(&self, folder: &str) -> impl Iterator<Item = (&str, &[u8])> {
        let prefix = join(folder, "");
        self.names
            .range(prefix.clone()..)
            .take_while(move |(name, _)| name.starts_with(&prefix))
            .filter_map(|(name, inode)| match &self.inodes.get(inode)?.content {
                Content::File(bytes) => Some((name.as_str(), bytes.as_slice())),
                _ => None,
            })
    }

    pub fn count(&self) -> usize {
        self.inodes.len()
    }
}
