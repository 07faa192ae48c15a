//! Watching files: `FSEvent` as inotify and libuv's `uv_fs_event` tell it (`src/fs_event_wrap.cc`), `StatWatcher` by
//! polling (`src/node_stat_watcher.cc`, libuv's `src/fs-poll.c`).

use kernel::Table;
use std::cell::{Cell, RefCell};

use crate::engine::value::{Ctx, Js, Value};

use super::{
    async_wrap, callback,
    environment::{Environment, bytes_of, new_typed_array},
    fs::{STAT_FIELDS, errno_of, path_of, stat_fields},
    handle::{self, Handle, HasHandle},
    native::{Call, Target},
    vfs::{Change, Code, Content},
};

#[derive(Default)]
pub struct Watchers {
    /// By the number of the handle.
    watched: RefCell<Table<u64, Watched>>,
}

struct Watched {
    object: Value,
    path: String,
    is_directory: bool,
    /// What is on its way to the script already; inotify does not repeat it.
    on_its_way: Option<(String, Change)>,
}

struct Event {
    handle: Handle,
    number: Cell<u64>,
}

impl HasHandle for Event {
    const KIND: &'static str = "FSEVENTWRAP";

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn closed(&self, env: &Environment) {
        let mut watched = env.watchers.watched.borrow_mut();
        watched.remove(&self.number.get());
        env.files.borrow_mut().is_watched = !watched.is_empty();
    }
}

pub fn initialize(t: &Target) {
    let event = t.class("FSEvent", |c| {
        let object = c.construct(Event {
            handle: Handle::default(),
            number: Cell::new(0),
        })?;
        async_wrap::adopt(c.ctx, &object, Event::KIND);
        Ok(object)
    });
    handle::methods::<Event>(&event).with("start", start);
    super::fs::define_getter(t.ctx, &event.object, "initialized", |c| {
        let handle = c.state::<Event>()?.handle();
        Ok(c.ctx.bool(handle.is_active() && !handle.is_closing()))
    });
}

/// `start(path, persistent, recursive, encoding)` answers 0 or libuv's number.
fn start(c: &Call) -> Js<Value> {
    let (event, path) = (c.state::<Event>()?, path_of(c, 0)?);
    let env = c.env();
    let found = {
        let mut files = env.files.borrow_mut();
        let found = files.resolve(&path, true).and_then(|resolved| {
            let is_directory = matches!(files.stat(&resolved, true)?.1.content, Content::Directory);
            Ok((resolved, is_directory))
        });
        files.is_watched |= found.is_ok();
        found
    };
    let (path, is_directory) = match found {
        Ok(found) => found,
        Err(code) => return Ok(c.ctx.number(f64::from(errno_of(code).0))),
    };
    if !c.truthy(1) {
        event.handle.reference(env, false);
    }
    let object = c.this();
    let number = event.handle.start(env, &object, Event::KIND);
    event.number.set(number);
    let watched = Watched {
        object,
        path,
        is_directory,
        on_its_way: None,
    };
    env.watchers.watched.borrow_mut().insert(number, watched);
    Ok(c.ctx.number(0.0))
}

/// Sends what changed since the last call to whoever watches.
pub fn tell(env: &Environment) {
    let changes = std::mem::take(&mut env.files.borrow_mut().changes);
    for (path, change) in changes {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = if folder.is_empty() { "/" } else { folder };
        for (number, watched) in env.watchers.watched.borrow_mut().iter_mut() {
            if watched.path == path || watched.is_directory && watched.path == folder {
                let news = (name.to_owned(), change);
                if watched.on_its_way.as_ref() == Some(&news) {
                    continue;
                }
                watched.on_its_way = Some(news);
                let (number, name) = (*number, name.to_owned());
                env.answer_after(0, false, move |ctx| report(ctx, number, &name, change));
            }
        }
    }
}

fn report(ctx: Ctx, number: u64, name: &str, change: Change) {
    let env = Environment::of(ctx);
    let object = {
        let mut all = env.watchers.watched.borrow_mut();
        let Some(watched) = all.get_mut(&number) else {
            return;
        };
        if watched
            .on_its_way
            .as_ref()
            .is_some_and(|news| news.0 == name && news.1 == change)
        {
            watched.on_its_way = None;
        }
        watched.object.clone()
    };
    let kind = match change {
        Change::Rename => "rename",
        Change::Change => "change",
    };
    callback::make_method(
        ctx,
        &object,
        "onchange",
        &[ctx.number(0.0), ctx.string(kind), ctx.string(name)],
    );
}

// ---- polling ----

type Fields = [f64; STAT_FIELDS];

struct Poll {
    handle: Handle,
    is_big: bool,
    path: RefCell<String>,
    interval_ns: Cell<u64>,
    /// What the last look found; nothing before the first.
    last: RefCell<Option<Result<Fields, Code>>>,
    /// What it found when it last found the file.
    last_good: RefCell<Fields>,
}

impl HasHandle for Poll {
    const KIND: &'static str = "STATWATCHER";

    fn handle(&self) -> &Handle {
        &self.handle
    }
}

pub fn initialize_polling(t: &Target) {
    let poll = t.class("StatWatcher", |c| {
        let object = c.construct(Poll {
            handle: Handle::default(),
            is_big: c.truthy(0),
            path: RefCell::default(),
            interval_ns: Cell::new(0),
            last: RefCell::new(None),
            last_good: RefCell::new([0.0; STAT_FIELDS]),
        })?;
        async_wrap::adopt(c.ctx, &object, Poll::KIND);
        Ok(object)
    });
    handle::methods::<Poll>(&poll).with("start", |c| {
        let poll = c.state::<Poll>()?;
        *poll.path.borrow_mut() = path_of(c, 0)?;
        poll.interval_ns
            .set(c.number(1).max(1.0) as u64 * 1_000_000);
        let object = c.this();
        poll.handle.start(c.env(), &object, Poll::KIND);
        c.env().answer_after(0, false, move |ctx| look(ctx, object));
        Ok(c.ctx.number(0.0))
    });
}

fn look(ctx: Ctx, object: Value) {
    let env = Environment::of(ctx);
    let Ok(poll) = super::native::state_of::<Poll>(ctx, object.raw()) else {
        return;
    };
    if !poll.handle.is_active() {
        return;
    }
    let found = env
        .files
        .borrow()
        .stat(&poll.path.borrow(), true)
        .map(|(number, node)| *stat_fields(number, node));
    let last = poll.last.replace(Some(found));
    let before = *poll.last_good.borrow();
    let news = match (&last, &found) {
        (None | Some(Ok(_)), Err(_)) => true,
        (Some(Err(old)), Err(new)) => old != new,
        (None, Ok(_)) => false,
        (Some(Err(_)), Ok(_)) => true,
        (Some(Ok(old)), Ok(new)) => differ(old, new),
    };
    let (status, now) = match found {
        Ok(fields) => {
            *poll.last_good.borrow_mut() = fields;
            (0, fields)
        }
        Err(code) => (errno_of(code).0, [0.0; STAT_FIELDS]),
    };
    let interval_ns = poll.interval_ns.get();
    if news {
        let args = [
            ctx.number(f64::from(status)),
            both(ctx, poll.is_big, &now, &before),
        ];
        callback::make_method(ctx, &object, "onchange", &args);
    }
    env.answer_after(interval_ns, false, move |ctx| look(ctx, object));
}

/// `statbuf_eq`: neither the number of links nor the time of the last access counts.
fn differ(one: &Fields, two: &Fields) -> bool {
    [0, 1, 3, 4, 7, 8, 12, 13, 14, 15, 16, 17]
        .into_iter()
        .any(|field| one[field] != two[field])
}

fn both(ctx: Ctx, is_big: bool, now: &Fields, before: &Fields) -> Value {
    let class = if is_big {
        "BigInt64Array"
    } else {
        "Float64Array"
    };
    let array = new_typed_array(ctx, class, 2 * STAT_FIELDS as u32);
    let (bytes, _) = bytes_of(ctx, &array);
    for (index, field) in now.iter().chain(before).enumerate() {
        if is_big {
            unsafe { *bytes.cast::<i64>().add(index) = *field as i64 };
        } else {
            unsafe { *bytes.cast::<f64>().add(index) = *field };
        }
    }
    array
}
