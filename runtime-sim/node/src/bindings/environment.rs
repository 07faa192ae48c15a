//! What one Node process is to its bindings: the arrays that Node's JavaScript and its host share, the callbacks that
//! the library registers, the requests under way, and what was written (`node::Environment` in `src/env.h`).

use kernel::Table;
use std::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    collections::{BTreeMap, BTreeSet},
    rc::{Rc, Weak},
};

use rquickjs::qjs::{self, JSClassID};

use crate::engine::value::{Ctx, Js, Value};

use kernel::{Race, Scheduler};
use protocol::{
    EventKind, ExitReason, ProcessId,
    trace::{self, PoolWork},
};

use crate::{
    costs,
    engine::heap::Heap,
    host::{Host, Stop},
    process::Process,
};

use super::{
    atomics::Waiters,
    credentials::Identity,
    fs_watch::Watchers,
    library::Library,
    messaging::{Groups, PortData, TravelHook},
    process::PID,
    requests::{Pool, Requests},
    vfs::FileSystem,
    worker::LIMITS,
};

/// How many handles listen to each signal.
pub type Signals = Rc<RefCell<Table<i32, u32>>>;

/// What stands behind `process.env`.
pub type Variables = Rc<RefCell<Vec<(String, String)>>>;

/// What a loop is booted for.
#[derive(Clone, Debug, Default)]
pub enum Role {
    #[default]
    Process,
    /// Thread `id` of a process, from 1.
    Thread {
        id: u64,
        limits: [f64; LIMITS],
        options: Vec<String>,
    },
}

/// What the threads of one process share.
pub struct Common {
    pub files: Rc<RefCell<FileSystem>>,
    pub cwd: Rc<RefCell<String>>,
    pub pool: Pool,
    pub groups: Groups,
    pub waiters: Waiters,
    pub thread_last: Cell<u64>,
    pub pid: i32,
    pub parent_pid: i32,
    pub family: Rc<Family>,
}

/// The processes of a world, by their pids, until their parents know that they have ended.
#[derive(Default)]
pub struct Family(pub RefCell<Table<i32, Rc<Remote>>>);

/// A thread as others see it.
pub struct Remote {
    /// 0 before it starts.
    pub process: Cell<ProcessId>,
    pub thread: u64,
    /// It is to end, with this code.
    pub stop: Cell<Option<i32>>,
    pub finished: RefCell<Option<Finished>>,
    /// Whose loop hears that it has ended, by which handle.
    pub parent: RefCell<Option<(Rc<Requests>, u64, ProcessId)>>,
    pub loop_started_ns: Cell<Option<u64>>,
    pub idle_ns: Cell<u64>,
    /// The signal that ends it.
    pub signal: Cell<i32>,
    /// Its loop, and the signals that it listens to, once it runs.
    pub inside: RefCell<Option<(Rc<Requests>, Signals)>>,
}

#[derive(Clone, Debug)]
pub struct Finished {
    pub code: i32,
    /// Node's error code, and the reason.
    pub error: Option<(&'static str, String)>,
}

impl Remote {
    pub fn new(process: ProcessId, thread: u64) -> Self {
        Self {
            process: Cell::new(process),
            thread,
            stop: Cell::new(None),
            finished: RefCell::new(None),
            parent: RefCell::new(None),
            loop_started_ns: Cell::new(None),
            idle_ns: Cell::new(0),
            signal: Cell::new(0),
            inside: RefCell::new(None),
        }
    }
}

/// Where in a world a loop runs.
pub struct Place {
    pub scheduler: Rc<Scheduler<Process>>,
    pub process: ProcessId,
    pub common: Rc<Common>,
    pub remote: Rc<Remote>,
}

pub struct Environment {
    pub handle_class: JSClassID,
    pub library: Rc<Library>,
    pub surface: RefCell<Option<Value>>,
    pub bindings: RefCell<BTreeMap<String, Value>>,
    /// Values that the library handed over to be called or read later, by name.
    pub kept: RefCell<Vec<(&'static str, Value)>>,
    pub shared: RefCell<Vec<(&'static str, Shared)>>,
    pub requests: Rc<Requests>,
    pub files: Rc<RefCell<FileSystem>>,
    pub watchers: Watchers,
    #[cfg(feature = "whole")]
    pub http2: super::http2::Http2,
    #[cfg(feature = "whole")]
    pub net: super::net::Net,
    #[cfg(feature = "whole")]
    pub tls: super::tls_wrap::Tls,
    #[cfg(feature = "whole")]
    pub udp: super::udp_wrap::Udp,
    #[cfg(feature = "whole")]
    pub web_assembly: OnceCell<Box<super::web_assembly::Machine>>,
    pub cwd: Rc<RefCell<String>>,
    pub role: Role,
    /// Options of `node` itself, before the program's name.
    pub options: RefCell<Vec<String>>,
    /// Every open port's end.
    pub ports: RefCell<Vec<Weak<PortData>>>,
    pub travel_hooks: RefCell<Vec<TravelHook>>,
    pub sub_workers: RefCell<Vec<Rc<Remote>>>,
    /// Looks at shared memory in the current callback.
    pub spins: Cell<u32>,
    /// Until when the callback that runs knows what its parent thread does.
    pub caught_up_ns: Cell<u64>,
    /// Where the stack of the outermost turn begins, and how much of it there may be.
    pub stack: Cell<(usize, usize)>,
    /// When this loop's own time begins.
    pub started_ns: Cell<u64>,
    /// The variables behind `process.env`, in `environ`'s order.
    pub variables: Variables,
    /// They are another thread's.
    pub shares_variables: Cell<bool>,
    pub variables_class: JSClassID,
    #[cfg(feature = "whole")]
    pub context_classes: OnceCell<super::contexts::Classes>,
    /// What scripts that have an option in common are referrers as, by the option's name and theirs.
    #[cfg(feature = "whole")]
    pub referrers: RefCell<BTreeMap<(&'static str, String), Value>>,
    #[cfg(feature = "whole")]
    pub coverage: super::coverage::Coverage,
    /// When what vm runs is to end, innermost last.
    #[cfg(feature = "whole")]
    pub deadlines_ns: RefCell<Vec<u64>>,
    pub identity: RefCell<Identity>,
    /// Asynchronous ids whose destroy hooks have still to hear of it.
    pub destroyed: RefCell<Vec<f64>>,
    pub priority: Cell<i32>,
    /// How many handles listen to each signal.
    pub signals: Signals,
    pub object_urls: RefCell<BTreeMap<String, Value>>,
    /// ES modules by the engine's own pointer, and the URLs of those that the loader knows.
    pub modules: RefCell<Table<usize, Value>>,
    pub module_urls: RefCell<BTreeSet<String>>,
    /// Nested callback scopes; queues are emptied when the outermost closes.
    pub scope_depth: Cell<u32>,
    /// Named streams of chance, from the first draw of each.
    chance: RefCell<Vec<(&'static str, kernel::Stream)>>,
    /// There from when a program begins.
    host: RefCell<Option<Host>>,
    place: OnceCell<Place>,
    heap: *const Heap,
}

/// A typed array that both sides read and write.
#[derive(Clone)]
pub struct Shared {
    pub array: Value,
    pub bytes: *mut u8,
}

impl Environment {
    pub fn of(ctx: Ctx) -> &'static Self {
        // SAFETY: whoever makes the context puts an environment behind it that outlives it.
        unsafe { &*qjs::JS_GetContextOpaque(ctx.0).cast::<Self>() }
    }

    pub fn new(
        handle_class: JSClassID,
        variables_class: JSClassID,
        library: Rc<Library>,
        heap: *const Heap,
        role: Role,
    ) -> Self {
        Self {
            handle_class,
            library,
            surface: RefCell::default(),
            bindings: RefCell::default(),
            kept: RefCell::default(),
            shared: RefCell::default(),
            requests: Rc::default(),
            files: Rc::new(RefCell::new(FileSystem::new())),
            watchers: Watchers::default(),
            #[cfg(feature = "whole")]
            http2: super::http2::Http2::default(),
            #[cfg(feature = "whole")]
            net: super::net::Net::default(),
            #[cfg(feature = "whole")]
            tls: super::tls_wrap::Tls::default(),
            #[cfg(feature = "whole")]
            udp: super::udp_wrap::Udp::default(),
            #[cfg(feature = "whole")]
            web_assembly: OnceCell::new(),
            cwd: Rc::new(RefCell::new("/".to_owned())),
            options: match &role {
                Role::Process => RefCell::default(),
                Role::Thread { options, .. } => RefCell::new(options.clone()),
            },
            role,
            ports: RefCell::default(),
            travel_hooks: RefCell::default(),
            sub_workers: RefCell::default(),
            spins: Cell::default(),
            caught_up_ns: Cell::default(),
            stack: Cell::default(),
            started_ns: Cell::default(),
            variables: Rc::default(),
            shares_variables: Cell::default(),
            variables_class,
            #[cfg(feature = "whole")]
            context_classes: OnceCell::new(),
            #[cfg(feature = "whole")]
            referrers: RefCell::default(),
            #[cfg(feature = "whole")]
            coverage: super::coverage::Coverage::default(),
            #[cfg(feature = "whole")]
            deadlines_ns: RefCell::default(),
            identity: RefCell::default(),
            destroyed: RefCell::default(),
            priority: Cell::default(),
            signals: Rc::default(),
            object_urls: RefCell::default(),
            modules: RefCell::default(),
            module_urls: RefCell::default(),
            scope_depth: Cell::default(),
            chance: RefCell::default(),
            host: RefCell::new(None),
            place: OnceCell::new(),
            heap,
        }
    }

    pub fn begin(&self, host: Host, place: Place) {
        *self.host.borrow_mut() = Some(host);
        let _ = self.place.set(place);
    }

    /// Only what runs for a program may ask for it.
    pub fn place(&self) -> &Place {
        self.place.get().expect("a program has begun")
    }

    /// Of this process and of its parent.
    pub fn pids(&self) -> (i32, i32) {
        let common = self.place.get().map(|place| &place.common);
        common.map_or((PID, PID - 1), |common| (common.pid, common.parent_pid))
    }

    pub fn is_thread(&self) -> bool {
        matches!(self.role, Role::Thread { .. })
    }

    /// Bytes of stack below where the code stands.
    pub fn stack_left(&self) -> usize {
        let (base, bytes) = self.stack.get();
        let here = 0_u8;
        bytes.saturating_sub(base.saturating_sub(&raw const here as usize))
    }

    /// Another thread wants this one to end.
    pub fn heed_stop(&self) {
        let Some(place) = self.place.get() else {
            return;
        };
        if let Some(code) = place.remote.stop.get()
            && let Some(mut host) = self.try_host()
            && host.stop.is_none()
        {
            host.stop = Some(Stop::Exit {
                code,
                reason: ExitReason::Called,
            });
        }
    }

    /// The process's place in a world. Only what runs for a program may ask for it.
    pub fn host(&self) -> RefMut<'_, Host> {
        RefMut::map(self.host.borrow_mut(), |host| {
            host.as_mut().expect("a program has begun")
        })
    }

    /// The same, or nothing while the library boots or the host is at work itself.
    pub fn try_host(&self) -> Option<RefMut<'_, Host>> {
        let host = self.host.try_borrow_mut().ok()?;
        RefMut::filter_map(host, Option::as_mut).ok()
    }

    pub fn now_ns(&self) -> u64 {
        self.try_host().map_or(0, |mut host| host.now_ns())
    }

    pub fn spend_ns(&self, ns: u64) {
        if let Some(mut host) = self.try_host() {
            host.spend(ns);
        }
    }

    /// What the wall clock read when the world began.
    pub fn epoch_ms(&self) -> f64 {
        self.try_host()
            .map_or(0.0, |host| host.world.borrow().epoch_ms as f64)
    }

    pub fn heap_exceeded(&self) -> bool {
        // SAFETY: the engine, which has the heap, outlives whatever can ask.
        unsafe { self.heap.as_ref() }.is_some_and(Heap::exceeded)
    }

    /// Draws from the process's stream of this name.
    pub fn draw<T>(&self, name: &'static str, draw: impl FnOnce(&mut kernel::Stream) -> T) -> T {
        let mut streams = self.chance.borrow_mut();
        if named(&streams, name).is_none() {
            let host = self.host();
            let name_of_stream = format!("{name} {}", host.process);
            let stream = host.world.borrow().chance.stream(&name_of_stream);
            streams.push((name, stream));
        }
        let stream = streams.iter_mut().find(|(known, _)| *known == name);
        draw(&mut stream.expect("it is there now").1)
    }

    /// Counts memory that lies outside the heap as the heap's, if there is room for it.
    #[cfg(feature = "whole")]
    pub fn charge_heap(&self, bytes: usize) -> bool {
        // SAFETY: as above.
        unsafe { self.heap.as_ref() }.is_none_or(|heap| heap.charge(bytes))
    }

    #[cfg(feature = "whole")]
    pub fn discharge_heap(&self, bytes: usize) {
        // SAFETY: as above.
        if let Some(heap) = unsafe { self.heap.as_ref() } {
            heap.discharge(bytes);
        }
    }

    pub fn heap_used_bytes(&self) -> usize {
        // SAFETY: as above.
        unsafe { self.heap.as_ref() }.map_or(0, Heap::used_bytes)
    }

    /// What keeps the loop going.
    pub fn is_alive(&self) -> bool {
        self.host().uv.alive() || self.requests.keep_alive()
    }

    /// Work for the pool, which takes so long and what the seed adds: two threads race.
    pub fn queue_work(&self, work: PoolWork, takes_ns: u64, done: impl FnOnce(Ctx) + 'static) {
        if !self.requests.has_pool() {
            self.requests.begin_pool(self.pool_size_said().as_deref());
        }
        let now_ns = self.now_ns();
        let late_ns = self.draw("pool", |stream| {
            let hiccup = stream.below(costs::POOL_HICCUP_ODDS) == 0;
            let hiccup_ns = stream.below(costs::HICCUP_NS);
            stream.below(1 + takes_ns * costs::POOL_JITTER_PERCENT / 100)
                + stream.below(costs::POOL_WAKE_JITTER_NS)
                + if hiccup { hiccup_ns } else { 0 }
        });
        let (thread, threads, begins_ns) = self.requests.free_thread(now_ns);
        let earliest_ns = begins_ns + takes_ns;
        let latest_ns = earliest_ns
            + takes_ns * costs::POOL_JITTER_PERCENT / 100
            + costs::POOL_WAKE_JITTER_NS
            + costs::HICCUP_NS
            - 2;
        let mut host = self.host();
        // A program may have ten thousand of them under way.
        let is_over = host.world.borrow().choices.is_over();
        let rivals = match is_over {
            true => Vec::new(),
            false => self.requests.works(now_ns),
        };
        let race = Race::new(earliest_ns + late_ns, (earliest_ns, latest_ns), rivals);
        let (ends_ns, taken) = host.world.borrow_mut().decide(&race);
        self.requests.queue_work(thread, ends_ns, done);
        let queued = host.pool_work_queued(EventKind::PoolWorkQueued {
            work,
            thread: thread as u32,
            threads: threads as u32,
            begins_ns,
            ends_ns,
        });
        if let Some(queued) = queued
            && !is_over
        {
            self.requests.note_work(ends_ns);
            host.record_taken(Some(queued), taken, trace::Race::Pool, race.rivals());
        }
    }

    /// When a thread or process begins that is made now: some time after `after_ns`, which the seed draws.
    pub fn start_ns(&self, process: ProcessId, after_ns: u64) -> u64 {
        let scheduler = &self.place().scheduler;
        let chance = scheduler.world().borrow().chance;
        let jitter_ns = chance
            .stream(&format!("start {process}"))
            .below(costs::START_JITTER_NS);
        let earliest_ns = self.now_ns() + after_ns;
        let race = Race::new(
            earliest_ns + jitter_ns,
            (earliest_ns, earliest_ns + costs::START_JITTER_NS - 1),
            scheduler.unborn(),
        );
        let mut host = self.host();
        let (at_ns, taken) = host.world.borrow_mut().decide(&race);
        let cause = host.cause();
        host.record_taken(cause, taken, trace::Race::Start(process), race.rivals());
        at_ns
    }

    /// What the program's environment says of the pool; the first work asks, so a program can still say it.
    fn pool_size_said(&self) -> Option<String> {
        let ctx = self.host().ctx?;
        let variables = ctx.get(&self.kept("process")?, "env").ok()?;
        let said = ctx.get(&variables, "UV_THREADPOOL_SIZE").ok()?;
        if said.is_undefined() {
            None
        } else {
            ctx.text(&said).ok()
        }
    }

    pub fn answer_after(&self, after_ns: u64, keeps_alive: bool, done: impl FnOnce(Ctx) + 'static) {
        self.requests
            .answer_at(self.now_ns() + after_ns, keeps_alive, done);
    }

    pub fn keep(&self, name: &'static str, value: Value) {
        let mut kept = self.kept.borrow_mut();
        match kept.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => kept.push((name, value)),
        }
    }

    pub fn kept(&self, name: &'static str) -> Option<Value> {
        named(&self.kept.borrow(), name).cloned()
    }

    /// The shared array of this name, made on first use.
    pub fn shared(&self, ctx: Ctx, name: &'static str, class: &str, length: u32) -> Value {
        if let Some(shared) = named(&self.shared.borrow(), name) {
            return shared.array.clone();
        }
        let array = new_typed_array(ctx, class, length);
        let bytes = bytes_of(ctx, &array).0;
        let shared = Shared {
            array: array.clone(),
            bytes,
        };
        self.shared.borrow_mut().push((name, shared));
        array
    }

    fn bytes(&self, name: &str) -> Option<*mut u8> {
        named(&self.shared.borrow(), name).map(|shared| shared.bytes)
    }

    pub fn u8_at(&self, name: &str, index: usize) -> u8 {
        self.bytes(name)
            .map_or(0, |bytes| unsafe { *bytes.add(index) })
    }

    pub fn u32_at(&self, name: &str, index: usize) -> u32 {
        self.bytes(name)
            .map_or(0, |bytes| unsafe { *bytes.cast::<u32>().add(index) })
    }

    pub fn set_u32(&self, name: &str, index: usize, value: u32) {
        if let Some(bytes) = self.bytes(name) {
            unsafe { *bytes.cast::<u32>().add(index) = value };
        }
    }

    pub fn f64_at(&self, name: &str, index: usize) -> f64 {
        self.bytes(name)
            .map_or(0.0, |bytes| unsafe { *bytes.cast::<f64>().add(index) })
    }

    pub fn set_f64(&self, name: &str, index: usize, value: f64) {
        if let Some(bytes) = self.bytes(name) {
            unsafe { *bytes.cast::<f64>().add(index) = value };
        }
    }

    /// False once the process has begun to end.
    pub fn can_call_into_js(&self) -> bool {
        self.try_host().is_none_or(|host| host.stop.is_none())
    }
}

pub fn new_typed_array(ctx: Ctx, class: &str, length: u32) -> Value {
    let make = || -> Js<Value> {
        let class = ctx.get(&ctx.global(), class)?;
        let mut args = [qjs::JS_NewFloat64(f64::from(length))];
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 1, args.as_mut_ptr()) })
    };
    make().expect("a small typed array can be made")
}

/// The bytes behind an ArrayBuffer or a view of one: null and 0 for anything else. They are good until the next call
/// into JavaScript.
pub fn bytes_of(ctx: Ctx, value: &Value) -> (*mut u8, usize) {
    unsafe {
        if qjs::JS_IsArrayBuffer(value.raw()) {
            let mut length = 0;
            let bytes = qjs::JS_GetArrayBuffer(ctx.0, &mut length, value.raw());
            return (bytes, length as usize);
        }
        let (mut offset, mut length, mut each) = (0, 0, 0);
        if !value.is_object() {
            return (std::ptr::null_mut(), 0);
        }
        let buffer =
            qjs::JS_GetTypedArrayBuffer(ctx.0, value.raw(), &mut offset, &mut length, &mut each);
        if qjs::JS_IsException(buffer) {
            ctx.take_exception();
            return view_bytes_of(ctx, value);
        }
        let buffer = ctx.owned(buffer);
        let mut whole = 0;
        let bytes = qjs::JS_GetArrayBuffer(ctx.0, &mut whole, buffer.raw());
        if bytes.is_null() {
            return (bytes, 0);
        }
        (bytes.add(offset as usize), length as usize)
    }
}

/// A DataView, which the engine's own interface does not open.
fn view_bytes_of(ctx: Ctx, value: &Value) -> (*mut u8, usize) {
    let read = || -> Js<(*mut u8, usize)> {
        let buffer = ctx.get(value, "buffer")?;
        let offset = ctx.get(value, "byteOffset")?.as_f64() as usize;
        let length = ctx.get(value, "byteLength")?.as_f64() as usize;
        let mut whole = 0;
        let bytes = unsafe { qjs::JS_GetArrayBuffer(ctx.0, &mut whole, buffer.raw()) };
        if bytes.is_null() || offset + length > whole as usize {
            ctx.take_exception();
            return Ok((std::ptr::null_mut(), 0));
        }
        Ok((unsafe { bytes.add(offset) }, length))
    };
    read().unwrap_or_else(|_| {
        ctx.take_exception();
        (std::ptr::null_mut(), 0)
    })
}

/// A copy of the bytes of a buffer, or of the UTF-8 of a string.
pub fn copy_bytes(ctx: Ctx, value: &Value) -> Js<Vec<u8>> {
    if value.is_string() {
        return Ok(ctx.text(value)?.into_bytes());
    }
    let (bytes, length) = bytes_of(ctx, value);
    if bytes.is_null() {
        return Ok(Vec::new());
    }
    Ok(unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec())
}

pub fn new_array_buffer(ctx: Ctx, bytes: &[u8]) -> Value {
    ctx.owned(unsafe { qjs::JS_NewArrayBufferCopy(ctx.0, bytes.as_ptr(), bytes.len() as _) })
}

pub fn new_bytes(ctx: Ctx, bytes: &[u8]) -> Value {
    ctx.owned(unsafe { qjs::JS_NewUint8ArrayCopy(ctx.0, bytes.as_ptr(), bytes.len() as _) })
}

/// What a short list holds by this name.
fn named<'a, T>(list: &'a [(&'static str, T)], name: &str) -> Option<&'a T> {
    let found = list.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}
