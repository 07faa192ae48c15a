//! Ports and what travels through them (`src/node_messaging.cc`), between the threads of a process and within one.
//!
//! A port's end is a [`PortData`]: it belongs to the thread whose loop it wakes, or to nobody while it travels in a
//! message itself. Messages are V8's wire format, so a value arrives as it would in Node.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use kernel::World;
use protocol::ProcessId;
use rquickjs::qjs;

use crate::{
    costs,
    engine::value::{Ctx, Js, Thrown, Value},
};

use super::{
    async_wrap, callback,
    environment::{Environment, copy_bytes, new_array_buffer},
    native::{Call, Target, state_of, throw_new, throw_with_code},
    requests::Requests,
    serdes::{ReadDelegate, Reader, WriteDelegate, Writer, address, is_handle},
    shared_memory::SharedMemory,
    util::{is_detached, is_of},
};

/// So many messages a port gives at a time at most, unless more were there already.
const MESSAGES_AT_ONCE: usize = 1000;
const UNSUPPORTED: &str = "Cannot clone object of unsupported type.";

// ---- messages ----

#[derive(Default)]
pub struct Message {
    bytes: Vec<u8>,
    buffers: Vec<Vec<u8>>,
    shared: Vec<SharedMemory>,
    transfers: RefCell<Vec<Transfer>>,
    /// The other end is gone.
    closes: bool,
}

/// What an object that V8 does not know becomes on its way.
pub enum Transfer {
    Port(Rc<PortData>),
    /// An object of Node's library, by module and class; what it is made of follows the message.
    Scripted(String),
    /// Made anew by the binding that it belongs to.
    Native(Maker),
}

/// How a native object travels, when it is of a class that can. A binding that has one adds its own to
/// [`Environment::travel_hooks`].
pub type TravelHook = fn(Ctx, &Value) -> Option<Travels>;
/// Makes it anew, in any thread.
pub type Maker = Rc<dyn Fn(Ctx) -> Js<Value>>;

pub struct Travels {
    /// It stays where it is, too.
    pub clones: bool,
    pub leave: Box<dyn FnOnce() -> Maker>,
}

fn travels(ctx: Ctx, object: &Value) -> Option<Travels> {
    Environment::of(ctx)
        .travel_hooks
        .borrow()
        .iter()
        .find_map(|hook| hook(ctx, object))
}

/// Behind objects that Node's library gives its own way to travel.
struct Transferable;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Untransferable,
    Transferable,
    Cloneable,
}

fn symbol(ctx: Ctx, name: &str) -> Js<Value> {
    ctx.get(&super::binding(ctx, "symbols")?, name)
}

fn by_symbol(ctx: Ctx, object: &Value, name: &str) -> Js<Value> {
    super::small::get_by_symbol(ctx, object, &symbol(ctx, name)?)
}

fn mode_of(ctx: Ctx, object: &Value) -> Mode {
    if let Some(port) = port_of(ctx, object) {
        return if port.is_detached() {
            Mode::Untransferable
        } else {
            Mode::Transferable
        };
    }
    if is_a::<Transferable>(ctx, object) {
        let clone = by_symbol(ctx, object, "messaging_clone_symbol");
        return match clone {
            Ok(clone) if !clone.is_undefined() => Mode::Cloneable,
            Ok(_) => Mode::Transferable,
            Err(_) => {
                ctx.take_exception();
                Mode::Untransferable
            }
        };
    }
    match travels(ctx, object) {
        Some(Travels { clones: true, .. }) => Mode::Cloneable,
        Some(_) => Mode::Transferable,
        None => Mode::Untransferable,
    }
}

fn is_a<T: 'static>(ctx: Ctx, object: &Value) -> bool {
    state::<T>(ctx, object).is_some()
}

pub fn state<'a, T: 'static>(ctx: Ctx, object: &Value) -> Option<&'a T> {
    if !is_handle(ctx, object) {
        return None;
    }
    match state_of::<T>(ctx, object.raw()) {
        Ok(state) => Some(state),
        Err(Thrown) => {
            ctx.take_exception();
            None
        }
    }
}

fn clone_error(ctx: Ctx, message: &str) -> Thrown {
    let made = || -> Js<Value> {
        let exports = Environment::of(ctx)
            .kept("domexception")
            .unwrap_or_else(|| ctx.object());
        let class = ctx.get(&exports, "DOMException")?;
        let (text, name) = (ctx.string(message), ctx.string("DataCloneError"));
        let mut args = [text.raw(), name.raw()];
        ctx.result(unsafe { qjs::JS_CallConstructor(ctx.0, class.raw(), 2, args.as_mut_ptr()) })
    };
    match made() {
        Ok(error) => ctx.throw(error),
        Err(thrown) => thrown,
    }
}

#[derive(Default)]
struct Outgoing {
    hosts: RefCell<Vec<Value>>,
    /// From here on they are cloned.
    first_cloned: Cell<Option<usize>>,
    shared: RefCell<Vec<(usize, SharedMemory)>>,
}

impl WriteDelegate for Outgoing {
    fn clone_error(&self, ctx: Ctx, message: &str) -> Thrown {
        clone_error(ctx, message)
    }

    fn write_host_object(&self, writer: &Writer, object: &Value) -> Js<()> {
        let ctx = writer.ctx;
        let mode = mode_of(ctx, object);
        if mode == Mode::Untransferable {
            return Err(clone_error(ctx, UNSUPPORTED));
        }
        let known = self
            .hosts
            .borrow()
            .iter()
            .position(|host| address(host) == address(object));
        if let Some(index) = known {
            writer.u32(index as u32);
            return Ok(());
        }
        if mode == Mode::Transferable {
            let text =
                "Object that needs transfer was found in message but not listed in transferList";
            return Err(throw_with_code(
                ctx,
                "TypeError",
                "ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST",
                text,
            ));
        }
        let index = self.hosts.borrow().len();
        if self.first_cloned.get().is_none() {
            self.first_cloned.set(Some(index));
        }
        writer.u32(index as u32);
        self.hosts.borrow_mut().push(object.clone());
        Ok(())
    }

    fn shared_buffer_id(&self, ctx: Ctx, buffer: &Value) -> Js<u32> {
        let mut shared = self.shared.borrow_mut();
        let at = address(buffer);
        if let Some(index) = shared.iter().position(|(known, _)| *known == at) {
            return Ok(index as u32);
        }
        shared.push((at, SharedMemory::of(ctx, buffer)?));
        Ok(shared.len() as u32 - 1)
    }
}

impl Message {
    fn closing() -> Rc<Self> {
        Rc::new(Self {
            closes: true,
            ..Self::default()
        })
    }

    /// `source`: the port that it is posted to.
    pub fn serialize(ctx: Ctx, input: &Value, list: &[Value], source: Option<&Value>) -> Js<Self> {
        let outgoing = Outgoing::default();
        let writer = Writer::new(ctx);
        let mut buffers: Vec<Value> = Vec::new();
        let private = super::util::private_symbols_of(ctx)?;
        let untransferable = ctx.get(&private, "untransferable_object_private_symbol")?;
        for entry in list {
            if entry.is_object()
                && super::small::get_by_symbol(ctx, entry, &untransferable)?.truthy()
            {
                continue;
            }
            if is_of(entry, &["ArrayBuffer"]) {
                if is_detached(ctx, entry) {
                    continue;
                }
                if buffers.iter().any(|known| address(known) == address(entry)) {
                    return Err(clone_error(
                        ctx,
                        "Transfer list contains duplicate ArrayBuffer",
                    ));
                }
                writer.transfer(buffers.len() as u32, entry);
                buffers.push(entry.clone());
                continue;
            }
            if is_handle(ctx, entry) {
                if source.is_some_and(|source| address(source) == address(entry)) {
                    return Err(clone_error(ctx, "Transfer list contains source port"));
                }
                if port_of(ctx, entry).is_some_and(Port::is_detached) {
                    return Err(clone_error(
                        ctx,
                        "MessagePort in transfer list is already detached",
                    ));
                }
                if outgoing
                    .hosts
                    .borrow()
                    .iter()
                    .any(|known| address(known) == address(entry))
                {
                    let class = ctx.text(&ctx.get(&ctx.get(entry, "constructor")?, "name")?)?;
                    return Err(clone_error(
                        ctx,
                        &format!("Transfer list contains duplicate {class}"),
                    ));
                }
                if mode_of(ctx, entry) != Mode::Untransferable {
                    outgoing.hosts.borrow_mut().push(entry.clone());
                    continue;
                }
            }
            let text = "Found invalid object in transferList";
            return Err(throw_with_code(
                ctx,
                "TypeError",
                "ERR_INVALID_TRANSFER_OBJECT",
                text,
            ));
        }
        add_nested(ctx, &outgoing)?;
        writer.header();
        writer.value(input, &outgoing)?;
        let mut message = Self::default();
        for buffer in &buffers {
            message.buffers.push(copy_bytes(ctx, buffer)?);
            unsafe { qjs::JS_DetachArrayBuffer(ctx.0, buffer.raw()) };
        }
        // Writing what an object is made of may find more of them.
        let mut index = 0;
        loop {
            let Some(host) = outgoing.hosts.borrow().get(index).cloned() else {
                break;
            };
            let clones = outgoing
                .first_cloned
                .get()
                .is_some_and(|first| index >= first);
            let (transfer, data) = leave(ctx, &host, clones)?;
            if let Some(data) = data {
                writer.value(&data, &outgoing)?;
            }
            message.transfers.borrow_mut().push(transfer);
            index += 1;
        }
        message.shared = outgoing
            .shared
            .take()
            .into_iter()
            .map(|(_, memory)| memory)
            .collect();
        message.bytes = writer.take();
        Ok(message)
    }

    /// The value, and the ports among what came with it.
    fn deserialize(&self, ctx: Ctx) -> Js<(Value, Vec<Value>)> {
        let mut hosts = Vec::new();
        let mut ports = Vec::new();
        let mut scripted = Vec::new();
        for transfer in self.transfers.take() {
            hosts.push(match transfer {
                Transfer::Port(data) => {
                    let port = new_port(ctx, Some(data))?;
                    ports.push(port.clone());
                    port
                }
                Transfer::Native(make) => make(ctx)?,
                Transfer::Scripted(info) => {
                    let create = Environment::of(ctx)
                        .kept("deserializerCreateObject")
                        .unwrap_or_else(|| ctx.undefined());
                    let object = ctx.call(&create, &ctx.null(), &[ctx.string(&info)])?;
                    scripted.push(object.clone());
                    object
                }
            });
        }
        let shared = self
            .shared
            .iter()
            .map(|memory| memory.buffer(ctx))
            .collect::<Js<Vec<_>>>()?;
        let incoming = Incoming { hosts, shared };
        let reader = Reader::new(ctx, self.bytes.clone());
        for (id, bytes) in self.buffers.iter().enumerate() {
            reader.transfer(id as u32, new_array_buffer(ctx, bytes));
        }
        reader.header();
        let value = reader.value(&incoming)?;
        for object in scripted {
            let data = reader.value(&incoming)?;
            let method = by_symbol(ctx, &object, "messaging_deserialize_symbol")?;
            if method.is_function() {
                ctx.call(&method, &object, &[data])?;
            }
        }
        Ok((value, ports))
    }
}

/// `AddNestedHostObjects`.
fn add_nested(ctx: Ctx, outgoing: &Outgoing) -> Js<()> {
    let mut index = 0;
    loop {
        let Some(host) = outgoing.hosts.borrow().get(index).cloned() else {
            return Ok(());
        };
        index += 1;
        if !is_a::<Transferable>(ctx, &host) {
            continue;
        }
        let method = by_symbol(ctx, &host, "messaging_transfer_list_symbol")?;
        if !method.is_function() {
            continue;
        }
        let list = ctx.call(&method, &host, &[])?;
        for at in 0..if list.is_object() {
            ctx.length(&list)
        } else {
            0
        } {
            let nested = ctx.at(&list, at)?;
            let known = outgoing
                .hosts
                .borrow()
                .iter()
                .any(|known| address(known) == address(&nested));
            if is_handle(ctx, &nested) && !known {
                outgoing.hosts.borrow_mut().push(nested);
            }
        }
    }
}

/// What travels of an object, and what it is made of.
fn leave(ctx: Ctx, host: &Value, clones: bool) -> Js<(Transfer, Option<Value>)> {
    if let Some(port) = port_of(ctx, host) {
        close_port(ctx, host, port);
        let data = port.detach();
        return data
            .map(|data| (Transfer::Port(data), None))
            .ok_or_else(|| clone_error(ctx, UNSUPPORTED));
    }
    if let Some(travels) = travels(ctx, host) {
        return Ok((Transfer::Native((travels.leave)()), None));
    }
    let names: &[&str] = if clones {
        &["messaging_clone_symbol"]
    } else {
        &["messaging_transfer_symbol", "messaging_clone_symbol"]
    };
    for name in names {
        let method = by_symbol(ctx, host, name)?;
        if !method.is_function() {
            continue;
        }
        let result = ctx.call(&method, host, &[])?;
        if result.is_object() {
            let info = ctx.text(&ctx.get(&result, "deserializeInfo")?)?;
            return Ok((Transfer::Scripted(info), Some(ctx.get(&result, "data")?)));
        }
    }
    Err(clone_error(ctx, UNSUPPORTED))
}

struct Incoming {
    hosts: Vec<Value>,
    shared: Vec<Value>,
}

impl ReadDelegate for Incoming {
    fn read_host_object(&self, reader: &Reader) -> Js<Value> {
        let id = reader.u32().unwrap_or(u32::MAX) as usize;
        self.hosts
            .get(id)
            .cloned()
            .ok_or_else(|| throw_new(reader.ctx, "Error", "Unable to deserialize cloned data."))
    }

    fn shared_buffer(&self, ctx: Ctx, id: u32) -> Js<Value> {
        self.shared
            .get(id as usize)
            .cloned()
            .ok_or_else(|| throw_new(ctx, "Error", "Unable to deserialize cloned data."))
    }
}

// ---- ends of a channel ----

/// `MessagePortData`.
#[derive(Default)]
pub struct PortData {
    incoming: RefCell<VecDeque<Rc<Message>>>,
    owner: RefCell<Option<Owner>>,
    group: RefCell<Option<Rc<Group>>>,
}

/// The thread whose loop is woken.
struct Owner {
    requests: Rc<Requests>,
    handle: u64,
    process: ProcessId,
    world: Rc<RefCell<World>>,
}

/// `SiblingGroup`: the two ends of a channel, or all that have a name.
pub struct Group {
    name: String,
    ports: RefCell<Vec<Weak<PortData>>>,
}

enum Dispatched {
    Delivered(bool),
    /// Not entangled, or it cannot be delivered; perhaps with a warning.
    Refused(Option<&'static str>),
}

impl PortData {
    pub fn entangle(one: &Rc<Self>, two: &Rc<Self>) {
        let group = Rc::new(Group {
            name: String::new(),
            ports: RefCell::default(),
        });
        group.join(one);
        group.join(two);
    }

    fn add(&self, message: Rc<Message>) {
        self.incoming.borrow_mut().push_back(message);
        self.trigger();
    }

    /// `uv_async_send`.
    fn trigger(&self) {
        let owner = self.owner.borrow();
        let Some(owner) = &*owner else { return };
        let mut world = owner.world.borrow_mut();
        let at_ns = if world.is_current(owner.process) {
            world.now_ns()
        } else {
            world.now_ns() + costs::THREAD_WAKE_NS
        };
        owner.requests.signal(owner.handle, at_ns);
        world.resume_at(owner.process, at_ns);
    }

    fn disentangle(&self) {
        let group = self.group.take();
        if let Some(group) = group {
            self.add(Message::closing());
            group.leave(self);
        }
    }

    fn dispatch(&self, message: Message) -> Dispatched {
        let Some(group) = self.group.borrow().clone() else {
            return Dispatched::Refused(Some("MessagePortData is not entangled."));
        };
        let others: Vec<_> = group
            .ports
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|port| !std::ptr::eq(&**port, self))
            .collect();
        if others.is_empty() {
            return Dispatched::Delivered(false);
        }
        if others.len() > 1 && !message.transfers.borrow().is_empty() {
            return Dispatched::Refused(Some(
                "Transferables cannot be used with multiple destinations.",
            ));
        }
        let to_itself =
            others.iter().any(|other| {
                message.transfers.borrow().iter().any(
                    |transfer| matches!(transfer, Transfer::Port(port) if Rc::ptr_eq(port, other)),
                )
            });
        if to_itself {
            let text =
                "The target port was posted to itself, and the communication channel was lost";
            return Dispatched::Refused(Some(text));
        }
        let message = Rc::new(message);
        for other in others {
            other.add(message.clone());
        }
        Dispatched::Delivered(true)
    }
}

impl Drop for PortData {
    fn drop(&mut self) {
        if let Some(group) = self.group.take() {
            group.leave(self);
        }
    }
}

impl Group {
    fn join(self: &Rc<Self>, port: &Rc<PortData>) {
        self.ports.borrow_mut().push(Rc::downgrade(port));
        *port.group.borrow_mut() = Some(self.clone());
    }

    /// The other end of an unnamed channel hears of it.
    fn leave(&self, port: &PortData) {
        self.ports
            .borrow_mut()
            .retain(|known| known.strong_count() > 0 && !std::ptr::eq(known.as_ptr(), port));
        let left: Vec<_> = self
            .ports
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        if self.name.is_empty()
            && let [other] = &left[..]
        {
            other.add(Message::closing());
        }
    }
}

/// The groups of a process by name.
#[derive(Default)]
pub struct Groups(RefCell<Vec<Weak<Group>>>);

impl Groups {
    fn named(&self, name: &str) -> Rc<Group> {
        let mut groups = self.0.borrow_mut();
        groups.retain(|group| group.strong_count() > 0);
        if let Some(group) = groups
            .iter()
            .filter_map(Weak::upgrade)
            .find(|group| group.name == name)
        {
            return group;
        }
        let group = Rc::new(Group {
            name: name.to_owned(),
            ports: RefCell::default(),
        });
        groups.push(Rc::downgrade(&group));
        group
    }
}

// ---- ports ----

/// `MessagePort`.
#[derive(Default)]
struct Port {
    data: RefCell<Option<Rc<PortData>>>,
    handle: Cell<u64>,
    receiving: Cell<bool>,
    referenced: Cell<bool>,
    closing: Cell<bool>,
    /// `onclose` has been called.
    closed: Cell<bool>,
    gone: Cell<bool>,
}

impl Port {
    fn is_detached(&self) -> bool {
        self.data.borrow().is_none() || self.closing.get()
    }

    fn detach(&self) -> Option<Rc<PortData>> {
        let data = self.data.take()?;
        data.owner.take();
        Some(data)
    }
}

fn port_of<'a>(ctx: Ctx, object: &Value) -> Option<&'a Port> {
    state::<Port>(ctx, object)
}

fn own(ctx: Ctx, port: &Port, data: Rc<PortData>) {
    let env = Environment::of(ctx);
    let place = env.place();
    *data.owner.borrow_mut() = Some(Owner {
        requests: env.requests.clone(),
        handle: port.handle.get(),
        process: place.process,
        world: place.scheduler.world().clone(),
    });
    let mut ports = env.ports.borrow_mut();
    ports.retain(|known| known.strong_count() > 0);
    ports.push(Rc::downgrade(&data));
    *port.data.borrow_mut() = Some(data);
}

pub fn new_port(ctx: Ctx, data: Option<Rc<PortData>>) -> Js<Value> {
    let env = Environment::of(ctx);
    let binding = super::binding(ctx, "messaging")?;
    let prototype = ctx.get(&ctx.get(&binding, "MessagePort")?, "prototype")?;
    let object = super::native::new_handle(ctx, &prototype, Port::default())?;
    let port = state_of::<Port>(ctx, object.raw())?;
    let receiver = object.clone();
    port.handle.set(
        env.requests
            .open_async(move |ctx| on_message(ctx, &receiver, false)),
    );
    async_wrap::adopt(ctx, &object, "MESSAGEPORT");
    port.referenced.set(true);
    let arrived = data.is_some();
    own(ctx, port, data.unwrap_or_default());
    let init = by_symbol(ctx, &object, "oninit")?;
    if init.is_function() {
        ctx.call(&init, &object, &[])?;
    }
    if arrived && let Some(data) = &*port.data.borrow() {
        data.trigger();
    }
    Ok(object)
}

/// The end behind a new port, and its other end, which belongs to nobody yet.
pub fn new_port_and_end(ctx: Ctx) -> Js<(Value, Rc<PortData>)> {
    let object = new_port(ctx, None)?;
    let port = state_of::<Port>(ctx, object.raw())?;
    let end = Rc::<PortData>::default();
    if let Some(data) = &*port.data.borrow() {
        PortData::entangle(data, &end);
    }
    Ok((object, end))
}

/// `HandleWrap::Close`, and `OnClose` in the loop's last phase.
fn close_port(ctx: Ctx, object: &Value, port: &Port) {
    if port.closing.replace(true) {
        return;
    }
    let env = Environment::of(ctx);
    env.requests.close_async(port.handle.get());
    let object = object.clone();
    env.requests.close(move |ctx| {
        let Some(port) = port_of(ctx, &object) else {
            return;
        };
        port.closed.set(true);
        if let Some(data) = port.detach() {
            data.disentangle();
        }
        if let Ok(onclose) = by_symbol(ctx, &object, "handle_onclose")
            && onclose.is_function()
        {
            let ids = async_wrap::ids_of(ctx, &object);
            callback::make_as(ctx, &onclose, &object, &[], ids, Some(&object));
        }
        port.gone.set(true);
        async_wrap::emit_destroy(ctx, async_wrap::ids_of(ctx, &object).0);
    });
}

/// The thread ends: nobody hears of its ports' ends here, and the other ends close.
pub fn close_all(env: &Environment) {
    for object in env.ports.take() {
        if let Some(data) = object.upgrade() {
            data.owner.take();
            data.disentangle();
        }
    }
}

/// What `receiveMessageOnPort` and the loop take. `None`: nothing for now.
fn receive(ctx: Ctx, object: &Value, port: &Port, forced: bool) -> Js<Option<(Value, Vec<Value>)>> {
    let message = {
        let data = port.data.borrow();
        let Some(data) = &*data else { return Ok(None) };
        let mut incoming = data.incoming.borrow_mut();
        match incoming.front() {
            Some(first) if forced || port.receiving.get() || first.closes => incoming.pop_front(),
            _ => None,
        }
    };
    let Some(message) = message else {
        return Ok(None);
    };
    if message.closes {
        close_port(ctx, object, port);
        return Ok(None);
    }
    message.deserialize(ctx).map(Some)
}

fn on_message(ctx: Ctx, object: &Value, forced: bool) {
    let env = Environment::of(ctx);
    let Some(port) = port_of(ctx, object) else {
        return;
    };
    let waiting = port
        .data
        .borrow()
        .as_ref()
        .map_or(0, |data| data.incoming.borrow().len());
    let mut limit = if forced {
        usize::MAX
    } else {
        waiting.max(MESSAGES_AT_ONCE)
    };
    let exports = env.kept("messageport").unwrap_or_else(|| ctx.object());
    let Ok(emit) = ctx.get(&exports, "emitMessage") else {
        return;
    };
    let again = || {
        if let Some(data) = &*port.data.borrow() {
            data.trigger();
        }
    };
    while port.data.borrow().is_some() && env.can_call_into_js() {
        if limit == 0 {
            again();
            return;
        }
        limit -= 1;
        env.host().callback_begins();
        let ids = async_wrap::ids_of(ctx, object);
        let emit_as = |args: &[Value]| {
            callback::make_as(ctx, &emit, object, args, ids, Some(object)).is_some()
        };
        match receive(ctx, object, port, forced) {
            Ok(None) => return,
            Ok(Some((value, ports))) => {
                let ports = if ports.is_empty() {
                    ctx.undefined()
                } else {
                    ctx.array(ports)
                };
                let fine = emit_as(&[value, ports, ctx.string("message")]);
                env.host().message_handled();
                if !fine {
                    again();
                    return;
                }
            }
            Err(Thrown) => {
                let error = ctx.take_exception();
                if env.can_call_into_js() {
                    emit_as(&[error, ctx.undefined(), ctx.string("messageerror")]);
                }
                again();
                return;
            }
        }
    }
}

/// The values of an iterable; `None` when it is none.
fn iterable(ctx: Ctx, object: &Value) -> Js<Option<Vec<Value>>> {
    if !object.is_object() {
        return Ok(None);
    }
    if unsafe { qjs::JS_IsArray(object.raw()) } {
        return (0..ctx.length(object))
            .map(|index| ctx.at(object, index))
            .collect::<Js<Vec<_>>>()
            .map(Some);
    }
    let symbol = ctx.get(&ctx.get(&ctx.global(), "Symbol")?, "iterator")?;
    let method = super::small::get_by_symbol(ctx, object, &symbol)?;
    if !method.is_function() {
        return Ok(None);
    }
    let iterator = ctx.call(&method, object, &[])?;
    if !iterator.is_object() {
        return Ok(None);
    }
    let next = ctx.get(&iterator, "next")?;
    if !next.is_function() {
        return Ok(None);
    }
    let mut items = Vec::new();
    loop {
        let result = ctx.call(&next, &iterator, &[])?;
        if !result.is_object() {
            return Ok(None);
        }
        if ctx.get(&result, "done")?.truthy() {
            return Ok(Some(items));
        }
        items.push(ctx.get(&result, "value")?);
    }
}

fn invalid_argument(ctx: Ctx, text: &str) -> Thrown {
    throw_with_code(ctx, "TypeError", "ERR_INVALID_ARG_TYPE", text)
}

fn transfer_list(c: &Call) -> Js<Vec<Value>> {
    let ctx = c.ctx;
    let given = c.arg(1);
    if given.is_undefined() || given.is_null() {
        return Ok(Vec::new());
    }
    if !given.is_object() {
        return Err(invalid_argument(
            ctx,
            "Optional transferList argument must be an iterable",
        ));
    }
    if let Some(list) = iterable(ctx, &given)? {
        return Ok(list);
    }
    let option = ctx.get(&given, "transfer")?;
    if option.is_undefined() {
        return Ok(Vec::new());
    }
    iterable(ctx, &option)?.ok_or_else(|| {
        invalid_argument(
            ctx,
            "Optional options.transfer argument must be an iterable",
        )
    })
}

fn post_message(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    if c.args.is_empty() {
        let text = "Not enough arguments to MessagePort.postMessage";
        return Err(throw_with_code(ctx, "TypeError", "ERR_MISSING_ARGS", text));
    }
    let list = transfer_list(c)?;
    let port = c.state::<Port>()?;
    let message = Message::serialize(ctx, &c.arg(0), &list, Some(&c.this()))?;
    c.env().spend_ns(costs::MESSAGE_NS);
    let data = port.data.borrow().clone().filter(|_| !port.closing.get());
    let Some(data) = data else {
        return Ok(ctx.bool(true));
    };
    match data.dispatch(message) {
        Dispatched::Delivered(delivered) => Ok(ctx.bool(delivered)),
        Dispatched::Refused(text) => {
            if let Some(text) = text
                && let Some(process) = c.env().kept("process")
            {
                let emit = ctx.get(&process, "emitWarning")?;
                ctx.call(&emit, &process, &[ctx.string(text)])?;
            }
            c.undefined()
        }
    }
}

fn structured_clone(c: &Call) -> Js<Value> {
    let ctx = c.ctx;
    if c.args.is_empty() {
        return Err(throw_with_code(
            ctx,
            "TypeError",
            "ERR_MISSING_ARGS",
            "The value argument must be specified",
        ));
    }
    let options = c.arg(1);
    let mut list = Vec::new();
    if !options.is_undefined() && !options.is_null() {
        if !options.is_object() {
            let text = "The options argument must be either an object or undefined";
            return Err(invalid_argument(ctx, text));
        }
        let transfer = ctx.get(&options, "transfer")?;
        if !transfer.is_undefined() && !transfer.is_null() {
            list = iterable(ctx, &transfer)?.ok_or_else(|| {
                invalid_argument(ctx, "Optional transferList argument must be an iterable")
            })?;
        }
    }
    let message = Message::serialize(ctx, &c.arg(0), &list, None)?;
    message.deserialize(ctx).map(|(value, _)| value)
}

pub fn initialize(ctx: Ctx, t: &Target) -> Js<()> {
    let env = Environment::of(ctx);
    if let Some(exports) = env.kept("domexception") {
        t.value("DOMException", ctx.get(&exports, "DOMException")?);
    }
    t.with("setDeserializerCreateObjectFunction", |c| {
        c.env().keep("deserializerCreateObject", c.arg(0));
        c.undefined()
    })
    .with("structuredClone", structured_clone)
    .with("stopMessagePort", |c| {
        if let Some(port) = port_of(c.ctx, &c.arg(0)) {
            port.receiving.set(false);
        }
        c.undefined()
    })
    .with("checkMessagePort", |c| {
        Ok(c.ctx.bool(port_of(c.ctx, &c.arg(0)).is_some()))
    })
    .with("drainMessagePort", |c| {
        if port_of(c.ctx, &c.arg(0)).is_some() {
            on_message(c.ctx, &c.arg(0), true);
        }
        c.undefined()
    })
    .with("receiveMessageOnPort", |c| {
        let object = c.arg(0);
        let Some(port) = port_of(c.ctx, &object) else {
            return Err(invalid_argument(
                c.ctx,
                "The \"port\" argument must be a MessagePort instance",
            ));
        };
        super::worker::let_others_catch_up(c.ctx);
        match receive(c.ctx, &object, port, true)? {
            Some((value, _)) => Ok(value),
            None => symbol(c.ctx, "no_message_symbol"),
        }
    })
    .with("moveMessagePortToContext", |c| {
        let Some(port) = port_of(c.ctx, &c.arg(0)) else {
            return Err(invalid_argument(
                c.ctx,
                "The \"port\" argument must be a MessagePort instance",
            ));
        };
        if port.is_detached() {
            let text = "Cannot send data on closed MessagePort";
            return Err(throw_with_code(
                c.ctx,
                "Error",
                "ERR_CLOSED_MESSAGE_PORT",
                text,
            ));
        }
        // There are no other contexts in this world.
        Err(invalid_argument(c.ctx, "Invalid context argument"))
    })
    .with("broadcastChannel", |c| {
        let object = new_port(c.ctx, None)?;
        let group = c.env().place().common.groups.named(&c.text(0)?);
        if let Some(data) = &*state_of::<Port>(c.ctx, object.raw())?.data.borrow() {
            group.join(data);
        }
        Ok(object)
    })
    .with("exposeLazyDOMExceptionProperty", |c| {
        let exports = c
            .env()
            .kept("domexception")
            .unwrap_or_else(|| c.ctx.object());
        c.ctx.set(
            &c.arg(0),
            "DOMException",
            c.ctx.get(&exports, "DOMException")?,
        );
        c.undefined()
    });
    t.class("JSTransferable", |c| c.construct(Transferable));
    let constructor = super::native::constructor_or_function(ctx, "MessagePort", |c| {
        Err(throw_with_code(
            c.ctx,
            "TypeError",
            "ERR_CONSTRUCT_CALL_INVALID",
            "Constructor cannot be called",
        ))
    });
    let port = Target::new(ctx, ctx.get(&constructor, "prototype")?);
    t.value("MessagePort", constructor);
    port.with("postMessage", post_message).with("start", |c| {
        let port = c.state::<Port>()?;
        port.receiving.set(true);
        if let Some(data) = &*port.data.borrow()
            && !data.incoming.borrow().is_empty()
        {
            data.trigger();
        }
        c.undefined()
    });
    // Node has these on HandleWrap, from which io.js copies what it needs.
    let handle = ctx.object();
    Target::new(ctx, handle.clone())
        .with("close", |c| {
            let this = c.this();
            if let Some(port) = port_of(c.ctx, &this) {
                close_port(c.ctx, &this, port);
            }
            c.undefined()
        })
        .with("ref", |c| {
            let port = c.state::<Port>()?;
            port.referenced.set(true);
            c.env().requests.set_ref(port.handle.get(), true);
            c.undefined()
        })
        .with("unref", |c| {
            let port = c.state::<Port>()?;
            port.referenced.set(false);
            c.env().requests.set_ref(port.handle.get(), false);
            c.undefined()
        })
        .with("hasRef", |c| {
            let port = c.state::<Port>()?;
            // A handle that is gone says nothing at all.
            if port.gone.get() {
                return c.undefined();
            }
            Ok(c.ctx.bool(port.referenced.get() && !port.closed.get()))
        });
    unsafe { qjs::JS_SetPrototype(ctx.0, port.object.raw(), handle.raw()) };
    let channel = super::native::constructor_or_function(ctx, "MessageChannel", |c| {
        if c.this().is_undefined() {
            let text = "Cannot call constructor without `new`";
            return Err(throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_CONSTRUCT_CALL_REQUIRED",
                text,
            ));
        }
        let prototype = c.ctx.get(&c.this(), "prototype")?;
        let pair = c
            .ctx
            .result(unsafe { qjs::JS_NewObjectProto(c.ctx.0, prototype.raw()) })?;
        let (one, two) = (new_port(c.ctx, None)?, new_port(c.ctx, None)?);
        let end = |object: &Value| {
            state_of::<Port>(c.ctx, object.raw()).map(|port| port.data.borrow().clone())
        };
        if let (Some(first), Some(second)) = (end(&one)?, end(&two)?) {
            PortData::entangle(&first, &second);
        }
        c.ctx.set(&pair, "port1", one);
        c.ctx.set(&pair, "port2", two);
        Ok(pair)
    });
    t.value("MessageChannel", channel);
    Ok(())
}
