//! V8's wire format, version 15 (`src/objects/value-serializer.cc` of V8 11.3), and `src/node_serdes.cc` on it. It is
//! what `v8.serialize` gives and what travels between threads.
//!
//! Leaves out: WebAssembly modules, shared structs, and the formats before version 13.

use kernel::Table;
use std::cell::{Cell, RefCell};

use rquickjs::qjs;

use crate::engine::{
    ffi,
    value::{Ctx, Js, Thrown, Value},
};

use super::{
    buffer::units_of,
    construct,
    environment::{Environment, bytes_of, copy_bytes, new_array_buffer, new_bytes},
    native::{Call, Target, throw_new},
    util::{is_detached, is_of, is_typed_array},
};

const VERSION: u32 = 15;
/// Nested values; beyond, the stack would not bear it.
const DEPTH_MAX: u32 = 600;

/// Views by the engine's number of a kind: constructor, V8's letter, bytes of an element.
const VIEWS: [(&str, u8, usize); 12] = [
    ("Uint8ClampedArray", b'C', 1),
    ("Int8Array", b'b', 1),
    ("Uint8Array", b'B', 1),
    ("Int16Array", b'w', 2),
    ("Uint16Array", b'W', 2),
    ("Int32Array", b'd', 4),
    ("Uint32Array", b'D', 4),
    ("BigInt64Array", b'q', 8),
    ("BigUint64Array", b'Q', 8),
    ("Float16Array", b'h', 2),
    ("Float32Array", b'f', 4),
    ("Float64Array", b'F', 8),
];

/// Error classes other than `Error`, by V8's letter.
const ERRORS: [(&str, u8); 6] = [
    ("EvalError", b'E'),
    ("RangeError", b'R'),
    ("ReferenceError", b'F'),
    ("SyntaxError", b'S'),
    ("TypeError", b'T'),
    ("URIError", b'U'),
];

/// What the format leaves to whoever uses it.
pub trait WriteDelegate {
    fn clone_error(&self, ctx: Ctx, message: &str) -> Thrown;
    fn is_host_object(&self, ctx: Ctx, object: &Value) -> bool {
        is_handle(ctx, object)
    }
    fn write_host_object(&self, writer: &Writer, object: &Value) -> Js<()>;
    fn shared_buffer_id(&self, ctx: Ctx, buffer: &Value) -> Js<u32>;
}

pub trait ReadDelegate {
    fn read_host_object(&self, reader: &Reader) -> Js<Value>;
    fn shared_buffer(&self, ctx: Ctx, id: u32) -> Js<Value>;
}

/// An object of one of this host's own classes.
pub fn is_handle(ctx: Ctx, object: &Value) -> bool {
    object.is_object()
        && unsafe { qjs::JS_GetClassID(object.raw()) } == Environment::of(ctx).handle_class
}

pub fn address(object: &Value) -> usize {
    unsafe { qjs::JS_VALUE_GET_PTR(object.raw()) as usize }
}

// ---- writing ----

pub struct Writer {
    pub ctx: Ctx,
    bytes: RefCell<Vec<u8>>,
    /// By address; the objects are kept, so that no other takes an address.
    ids: RefCell<Table<usize, (u32, Value)>>,
    transferred: RefCell<Table<usize, u32>>,
    views_are_host_objects: Cell<bool>,
    depth: Cell<u32>,
}

impl Writer {
    pub fn new(ctx: Ctx) -> Self {
        Self {
            ctx,
            bytes: RefCell::default(),
            ids: RefCell::default(),
            transferred: RefCell::default(),
            views_are_host_objects: Cell::new(false),
            depth: Cell::new(0),
        }
    }

    pub fn header(&self) {
        self.tag(0xff);
        self.u32(VERSION);
    }

    pub fn transfer(&self, id: u32, buffer: &Value) {
        self.transferred.borrow_mut().insert(address(buffer), id);
    }

    pub fn take(&self) -> Vec<u8> {
        self.bytes.take()
    }

    fn tag(&self, tag: u8) {
        self.bytes.borrow_mut().push(tag);
    }

    pub fn u64(&self, mut value: u64) {
        let mut bytes = self.bytes.borrow_mut();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }

    pub fn u32(&self, value: u32) {
        self.u64(u64::from(value));
    }

    pub fn double(&self, value: f64) {
        self.raw(&value.to_le_bytes());
    }

    pub fn raw(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(bytes);
    }

    fn number(&self, value: f64) {
        let whole = value as i32;
        if f64::from(whole) == value && !(whole == 0 && value.is_sign_negative()) {
            self.tag(b'I');
            self.u32(((whole << 1) ^ (whole >> 31)) as u32);
        } else {
            self.tag(b'N');
            self.double(value);
        }
    }

    fn string(&self, value: &Value) -> Js<()> {
        let units = units_of(self.ctx, value)?;
        if units.iter().all(|unit| *unit < 0x100) {
            self.tag(b'"');
            self.u32(units.len() as u32);
            let mut bytes = self.bytes.borrow_mut();
            bytes.extend(units.iter().map(|unit| *unit as u8));
            return Ok(());
        }
        let length = units.len() * 2;
        let varint_bytes = (64 - (length as u64).leading_zeros() as usize)
            .max(1)
            .div_ceil(7);
        if (self.bytes.borrow().len() + 1 + varint_bytes) & 1 == 1 {
            self.tag(0);
        }
        self.tag(b'c');
        self.u32(length as u32);
        let mut bytes = self.bytes.borrow_mut();
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        Ok(())
    }

    fn big_int(&self, value: &Value) -> Js<()> {
        let radix = self.ctx.number(16.0);
        let method = self.ctx.get(value, "toString")?;
        let text = self.ctx.text(&self.ctx.call(&method, value, &[radix])?)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (1, digits),
            None => (0, text.as_str()),
        };
        let digits = if digits == "0" { "" } else { digits };
        let mut bytes: Vec<u8> = digits
            .as_bytes()
            .rchunks(2)
            .map(|pair| {
                pair.iter().fold(0, |byte, digit| {
                    byte << 4 | (*digit as char).to_digit(16).unwrap_or(0) as u8
                })
            })
            .collect();
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        self.u32(negative | (bytes.len() as u32) << 1);
        self.raw(&bytes);
        Ok(())
    }

    pub fn value(&self, value: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        if value.is_object() {
            if self.depth.get() >= DEPTH_MAX {
                return Err(throw_new(
                    self.ctx,
                    "RangeError",
                    "Maximum call stack size exceeded",
                ));
            }
            self.depth.set(self.depth.get() + 1);
            let result = self.object(value, delegate);
            self.depth.set(self.depth.get() - 1);
            return result;
        }
        if value.is_string() {
            return self.string(value);
        }
        if value.is_number() {
            self.number(value.as_f64());
        } else if unsafe { qjs::JS_IsBigInt(value.raw()) } {
            self.tag(b'Z');
            self.big_int(value)?;
        } else if unsafe { qjs::JS_IsSymbol(value.raw()) } {
            return Err(self.refuse(value, delegate));
        } else if value.is_undefined() {
            self.tag(b'_');
        } else if value.is_null() {
            self.tag(b'0');
        } else {
            self.tag(if value.truthy() { b'T' } else { b'F' });
        }
        Ok(())
    }

    fn refuse(&self, value: &Value, delegate: &dyn WriteDelegate) -> Thrown {
        let text = text_without_side_effects(self.ctx, value);
        delegate.clone_error(self.ctx, &format!("{text} could not be cloned."))
    }

    fn object(&self, object: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        let ctx = self.ctx;
        let is_view = is_typed_array(object) || is_of(object, &["DataView"]);
        let known = |object: &Value| self.ids.borrow().get(&address(object)).map(|(id, _)| *id);
        if is_view && known(object).is_none() && !self.views_are_host_objects.get() {
            let buffer = ctx.get(object, "buffer")?;
            self.object(&buffer, delegate)?;
        }
        if let Some(id) = known(object) {
            self.tag(b'^');
            self.u32(id);
            return Ok(());
        }
        let id = self.ids.borrow().len() as u32;
        self.ids
            .borrow_mut()
            .insert(address(object), (id, object.clone()));
        if is_view {
            return self.view(object, delegate);
        }
        if object.is_function() || is_of(object, &["Proxy"]) {
            return Err(self.refuse(object, delegate));
        }
        if unsafe { qjs::JS_IsArray(object.raw()) } {
            return self.array(object, delegate);
        }
        if is_of(object, &["Date"]) {
            self.tag(b'D');
            let value_of = ctx.get(object, "getTime")?;
            self.double(ctx.call(&value_of, object, &[])?.as_f64());
            return Ok(());
        }
        if is_of(object, &["Boolean", "Number", "BigInt", "String"]) {
            return self.wrapper(object);
        }
        if is_of(object, &["RegExp"]) {
            self.tag(b'R');
            self.string(&ctx.get(object, "source")?)?;
            self.u32(flag_bits(&ctx.text(&ctx.get(object, "flags")?)?));
            return Ok(());
        }
        if is_of(object, &["Map"]) {
            return self.collection(object, b';', b':', delegate);
        }
        if is_of(object, &["Set"]) {
            return self.collection(object, b'\'', b',', delegate);
        }
        if is_of(object, &["ArrayBuffer"]) {
            return self.array_buffer(object, delegate);
        }
        if is_of(object, &["SharedArrayBuffer"]) {
            let id = delegate.shared_buffer_id(ctx, object)?;
            self.tag(b'u');
            self.u32(id);
            return Ok(());
        }
        if is_of(object, &["Error"]) {
            return self.error(object, delegate);
        }
        if delegate.is_host_object(ctx, object) {
            self.tag(b'\\');
            return delegate.write_host_object(self, object);
        }
        if is_of(
            object,
            &[
                "Symbol",
                "Arguments",
                "MappedArguments",
                "WeakMap",
                "WeakSet",
                "WeakRef",
                "MapIterator",
                "SetIterator",
                "Generator",
                "AsyncGenerator",
                "Promise",
            ],
        ) {
            return Err(self.refuse(object, delegate));
        }
        self.tag(b'o');
        let count = self.properties(object, |_| true, delegate)?;
        self.tag(b'{');
        self.u32(count);
        Ok(())
    }

    fn wrapper(&self, object: &Value) -> Js<()> {
        let value_of = self.ctx.get(object, "valueOf")?;
        let inner = self.ctx.call(&value_of, object, &[])?;
        if inner.is_string() {
            self.tag(b's');
            return self.string(&inner);
        }
        if inner.is_number() {
            self.tag(b'n');
            self.double(inner.as_f64());
        } else if unsafe { qjs::JS_IsBigInt(inner.raw()) } {
            self.tag(b'z');
            self.big_int(&inner)?;
        } else {
            self.tag(if inner.truthy() { b'y' } else { b'x' });
        }
        Ok(())
    }

    /// Own enumerable properties with string keys, but those that are gone by their turn.
    fn properties(
        &self,
        object: &Value,
        wants: impl Fn(&Value) -> bool,
        delegate: &dyn WriteDelegate,
    ) -> Js<u32> {
        let ctx = self.ctx;
        let mut count = 0;
        for key in own_keys(ctx, object)? {
            if !wants(&key) {
                continue;
            }
            let atom = unsafe { qjs::JS_ValueToAtom(ctx.0, key.raw()) };
            let has =
                unsafe { qjs::JS_GetOwnProperty(ctx.0, std::ptr::null_mut(), object.raw(), atom) };
            let value = (has == 1)
                .then(|| ctx.result(unsafe { qjs::JS_GetProperty(ctx.0, object.raw(), atom) }));
            unsafe { qjs::JS_FreeAtom(ctx.0, atom) };
            let Some(value) = value.transpose()? else {
                continue;
            };
            self.value(&key, delegate)?;
            self.value(&value, delegate)?;
            count += 1;
        }
        Ok(count)
    }

    fn array(&self, array: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        let ctx = self.ctx;
        let length = ctx.length(array);
        let keys = own_keys(ctx, array)?;
        let is_dense = keys.iter().filter(|key| key.is_number()).count() == length as usize;
        if !is_dense {
            self.tag(b'a');
            self.u32(length);
            let count = self.properties(array, |_| true, delegate)?;
            self.tag(b'@');
            self.u32(count);
        } else {
            self.tag(b'A');
            self.u32(length);
            for index in 0..length {
                self.value(&ctx.at(array, index)?, delegate)?;
            }
            let count = self.properties(array, |key| !key.is_number(), delegate)?;
            self.tag(b'$');
            self.u32(count);
        }
        self.u32(length);
        Ok(())
    }

    fn collection(
        &self,
        object: &Value,
        begin: u8,
        end: u8,
        delegate: &dyn WriteDelegate,
    ) -> Js<()> {
        let mut has_keys = false;
        let entries = self
            .ctx
            .result(unsafe { ffi::JS_PreviewEntries(self.ctx.0, object.raw(), &mut has_keys) })?;
        self.tag(begin);
        let length = self.ctx.length(&entries);
        for index in 0..length {
            self.value(&self.ctx.at(&entries, index)?, delegate)?;
        }
        self.tag(end);
        self.u32(length);
        Ok(())
    }

    fn array_buffer(&self, buffer: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        let ctx = self.ctx;
        if let Some(id) = self.transferred.borrow().get(&address(buffer)) {
            self.tag(b't');
            self.u32(*id);
            return Ok(());
        }
        if is_detached(ctx, buffer) {
            let text = "An ArrayBuffer is detached and could not be cloned.";
            return Err(delegate.clone_error(ctx, text));
        }
        let bytes = copy_bytes(ctx, buffer)?;
        if ctx.get(buffer, "resizable")?.truthy() {
            self.tag(b'~');
            self.u32(bytes.len() as u32);
            self.u32(ctx.get(buffer, "maxByteLength")?.as_f64() as u32);
        } else {
            self.tag(b'B');
            self.u32(bytes.len() as u32);
        }
        self.raw(&bytes);
        Ok(())
    }

    fn view(&self, view: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        if self.views_are_host_objects.get() {
            self.tag(b'\\');
            return delegate.write_host_object(self, view);
        }
        let kind = unsafe { qjs::JS_GetTypedArrayType(view.raw()) };
        self.tag(b'V');
        self.tag(
            usize::try_from(kind)
                .ok()
                .and_then(|kind| VIEWS.get(kind))
                .map_or(b'?', |view| view.1),
        );
        self.u32(self.ctx.get(view, "byteOffset")?.as_f64() as u32);
        self.u32(self.ctx.get(view, "byteLength")?.as_f64() as u32);
        self.u32(0);
        Ok(())
    }

    fn error(&self, error: &Value, delegate: &dyn WriteDelegate) -> Js<()> {
        let ctx = self.ctx;
        let own = |name: &str| -> Js<Option<Value>> {
            let name = crate::engine::value::c_string(name);
            unsafe {
                let atom = qjs::JS_NewAtom(ctx.0, name.as_ptr());
                let has = qjs::JS_GetOwnProperty(ctx.0, std::ptr::null_mut(), error.raw(), atom);
                let value =
                    (has == 1).then(|| ctx.result(qjs::JS_GetProperty(ctx.0, error.raw(), atom)));
                qjs::JS_FreeAtom(ctx.0, atom);
                value.transpose()
            }
        };
        self.tag(b'r');
        let name = ctx.text(&ctx.get(error, "name")?)?;
        if let Some((_, letter)) = ERRORS.iter().find(|(known, _)| *known == name) {
            self.tag(*letter);
        }
        if let Some(message) = own("message")? {
            self.tag(b'm');
            self.string(&ctx.string(&ctx.text(&message)?))?;
        }
        if let Some(cause) = own("cause")? {
            self.tag(b'c');
            self.value(&cause, delegate)?;
        }
        if let Some(stack) = own("stack")?.filter(Value::is_string) {
            self.tag(b's');
            self.string(&stack)?;
        }
        self.tag(b'.');
        Ok(())
    }
}

/// Own enumerable keys that are no symbols, in order; indices are numbers.
fn own_keys(ctx: Ctx, object: &Value) -> Js<Vec<Value>> {
    let (mut table, mut count) = (std::ptr::null_mut(), 0);
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
    unsafe {
        if qjs::JS_GetOwnPropertyNames(ctx.0, &mut table, &mut count, object.raw(), flags) < 0 {
            return Err(Thrown);
        }
        let keys = (0..count as usize)
            .map(|index| {
                let key = ctx.owned(qjs::JS_AtomToValue(ctx.0, (*table.add(index)).atom));
                let text = ctx.text(&key).unwrap_or_default();
                match text.parse::<u32>() {
                    Ok(number) if number < u32::MAX && number.to_string() == text => {
                        ctx.number(f64::from(number))
                    }
                    _ => key,
                }
            })
            .collect();
        qjs::JS_FreePropertyEnum(ctx.0, table, count);
        Ok(keys)
    }
}

const FLAGS: [(char, u32); 8] = [
    ('g', 1),
    ('i', 2),
    ('m', 4),
    ('y', 8),
    ('u', 16),
    ('s', 32),
    ('d', 128),
    ('v', 256),
];

fn flag_bits(flags: &str) -> u32 {
    FLAGS
        .iter()
        .filter(|(letter, _)| flags.contains(*letter))
        .map(|(_, bit)| bit)
        .sum()
}

/// `Object::NoSideEffectsToString` for what cannot be cloned.
fn text_without_side_effects(ctx: Ctx, value: &Value) -> String {
    let text = || -> Js<String> {
        if unsafe { qjs::JS_IsSymbol(value.raw()) } {
            let description = ctx.get(value, "description")?;
            let description = if description.is_undefined() {
                String::new()
            } else {
                ctx.text(&description)?
            };
            return Ok(format!("Symbol({description})"));
        }
        if is_of(value, &["Proxy"]) {
            return Ok("#<Object>".to_owned());
        }
        if value.is_function() {
            return ctx.text(value);
        }
        let object_class = ctx.get(&ctx.global(), "Object")?;
        let plain = ctx.get(&ctx.get(&object_class, "prototype")?, "toString")?;
        let own = ctx.get(value, "toString")?;
        if own.is_function() && address(&own) == address(&plain) {
            let constructor = ctx.get(value, "constructor")?;
            if constructor.is_function() {
                let name = ctx.get(&constructor, "name")?;
                let name = if name.is_string() {
                    ctx.text(&name)?
                } else {
                    String::new()
                };
                if !name.is_empty() {
                    return Ok(format!("#<{name}>"));
                }
            }
        }
        ctx.text(&ctx.call(&plain, value, &[])?)
    };
    text().unwrap_or_else(|_| {
        ctx.take_exception();
        "#<Object>".to_owned()
    })
}

// ---- reading ----

pub struct Reader {
    pub ctx: Ctx,
    bytes: Vec<u8>,
    at: Cell<usize>,
    version: Cell<u32>,
    objects: RefCell<Table<u32, Value>>,
    next_id: Cell<u32>,
    transferred: RefCell<Table<u32, Value>>,
    depth: Cell<u32>,
}

impl Reader {
    pub fn new(ctx: Ctx, bytes: Vec<u8>) -> Self {
        Self {
            ctx,
            bytes,
            at: Cell::new(0),
            version: Cell::new(0),
            objects: RefCell::default(),
            next_id: Cell::new(0),
            transferred: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// False when the bytes begin with no header that this reader understands.
    pub fn header(&self) -> bool {
        if self.bytes.first() != Some(&0xff) {
            return true;
        }
        self.at.set(1);
        match self.u32() {
            Some(version) if version <= VERSION => {
                self.version.set(version);
                true
            }
            _ => false,
        }
    }

    pub fn transfer(&self, id: u32, buffer: Value) {
        self.transferred.borrow_mut().insert(id, buffer);
    }

    pub fn u64(&self) -> Option<u64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = *self.raw(1)?.first()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    pub fn u32(&self) -> Option<u32> {
        self.u64().map(|value| value as u32)
    }

    pub fn double(&self) -> Option<f64> {
        let bytes = self.raw(8)?.try_into().ok()?;
        Some(f64::from_le_bytes(bytes))
    }

    pub fn raw(&self, length: usize) -> Option<&[u8]> {
        let at = self.at.get();
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        self.at.set(at + length);
        Some(bytes)
    }

    fn tag(&self) -> Option<u8> {
        loop {
            let tag = *self.raw(1)?.first()?;
            if tag != 0 {
                return Some(tag);
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes[self.at.get().min(self.bytes.len())..]
            .iter()
            .copied()
            .find(|tag| *tag != 0)
    }

    fn whole<T>(&self, read: Option<T>) -> Js<T> {
        read.ok_or_else(|| throw_new(self.ctx, "Error", "Unable to deserialize cloned data."))
    }

    fn remember(&self, object: &Value) -> u32 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        self.objects.borrow_mut().insert(id, object.clone());
        id
    }

    pub fn value(&self, delegate: &dyn ReadDelegate) -> Js<Value> {
        if self.depth.get() >= 2 * DEPTH_MAX {
            return Err(throw_new(
                self.ctx,
                "RangeError",
                "Maximum call stack size exceeded",
            ));
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.inner_value(delegate);
        self.depth.set(self.depth.get() - 1);
        let value = value?;
        // A view follows its buffer.
        if is_of(&value, &["ArrayBuffer", "SharedArrayBuffer"]) && self.peek() == Some(b'V') {
            self.whole(self.tag())?;
            return self.view(&value);
        }
        Ok(value)
    }

    fn inner_value(&self, delegate: &dyn ReadDelegate) -> Js<Value> {
        let ctx = self.ctx;
        match self.whole(self.tag())? {
            b'_' => Ok(ctx.undefined()),
            b'0' => Ok(ctx.null()),
            b'T' => Ok(ctx.bool(true)),
            b'F' => Ok(ctx.bool(false)),
            b'I' => {
                let value = self.whole(self.u32())?;
                Ok(ctx.number(f64::from((value >> 1) as i32 ^ -((value & 1) as i32))))
            }
            b'U' => Ok(ctx.number(f64::from(self.whole(self.u32())?))),
            b'N' => Ok(ctx.number(self.whole(self.double())?)),
            b'Z' => self.big_int(),
            tag @ (b'"' | b'c' | b'S') => self.string_of(tag),
            b'^' => {
                let id = self.whole(self.u32())?;
                let object = self.objects.borrow().get(&id).cloned();
                self.whole(object)
            }
            b'o' => {
                let object = ctx.object();
                self.remember(&object);
                let count = self.properties(&object, b'{', delegate)?;
                let told = self.whole(self.u32())?;
                self.whole((count == told).then_some(object))
            }
            b'A' => {
                let length = self.whole(self.u32())?;
                let array = ctx.array([]);
                self.remember(&array);
                for index in 0..length {
                    if self.peek() == Some(b'-') {
                        self.whole(self.tag())?;
                        continue;
                    }
                    let item = self.value(delegate)?;
                    unsafe {
                        qjs::JS_SetPropertyUint32(ctx.0, array.raw(), index, item.into_raw())
                    };
                }
                self.ends_array(array, length, b'$', delegate)
            }
            b'a' => {
                let length = self.whole(self.u32())?;
                let array = ctx.array([]);
                ctx.set(&array, "length", ctx.number(f64::from(length)));
                self.remember(&array);
                self.ends_array(array, length, b'@', delegate)
            }
            b'D' => {
                let date = ctx.owned(unsafe { qjs::JS_NewDate(ctx.0, self.whole(self.double())?) });
                self.remember(&date);
                Ok(date)
            }
            tag @ (b'y' | b'x' | b'n' | b'z' | b's') => {
                let inner = match tag {
                    b'y' | b'x' => ctx.bool(tag == b'y'),
                    b'n' => ctx.number(self.whole(self.double())?),
                    b'z' => self.big_int()?,
                    _ => self.string()?,
                };
                let class = ctx.get(&ctx.global(), "Object")?;
                let object = ctx.call(&class, &ctx.undefined(), &[inner])?;
                self.remember(&object);
                Ok(object)
            }
            b'R' => {
                let source = self.string()?;
                let bits = self.whole(self.u32())?;
                let flags: String = FLAGS
                    .iter()
                    .filter(|(_, bit)| bits & bit != 0)
                    .map(|(letter, _)| *letter)
                    .collect();
                let expression = construct(ctx, "RegExp", &[source, ctx.string(&flags)])?;
                self.remember(&expression);
                Ok(expression)
            }
            b';' => self.collection("Map", "set", b':', 2, delegate),
            b'\'' => self.collection("Set", "add", b',', 1, delegate),
            tag @ (b'B' | b'~') => {
                let length = self.whole(self.u32())? as usize;
                let maximum = if tag == b'~' {
                    Some(self.whole(self.u32())?)
                } else {
                    None
                };
                let bytes = self.whole(self.raw(length))?;
                let buffer = match maximum {
                    None => new_array_buffer(ctx, bytes),
                    Some(maximum) => {
                        let options = ctx.object();
                        ctx.set(&options, "maxByteLength", ctx.number(f64::from(maximum)));
                        let buffer =
                            construct(ctx, "ArrayBuffer", &[ctx.number(length as f64), options])?;
                        let (target, room) = bytes_of(ctx, &buffer);
                        unsafe {
                            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, room.min(length))
                        };
                        buffer
                    }
                };
                self.remember(&buffer);
                Ok(buffer)
            }
            b't' => {
                let id = self.whole(self.u32())?;
                let buffer = self.transferred.borrow().get(&id).cloned();
                let buffer = self.whole(buffer)?;
                self.remember(&buffer);
                Ok(buffer)
            }
            b'u' => {
                let buffer = delegate.shared_buffer(ctx, self.whole(self.u32())?)?;
                self.remember(&buffer);
                Ok(buffer)
            }
            b'r' => self.error(delegate),
            b'\\' => {
                let id = self.remember(&ctx.undefined());
                let object = delegate.read_host_object(self)?;
                self.objects.borrow_mut().insert(id, object.clone());
                Ok(object)
            }
            _ => self.whole(None),
        }
    }

    fn string(&self) -> Js<Value> {
        let tag = self.whole(self.tag())?;
        self.string_of(tag)
    }

    fn string_of(&self, tag: u8) -> Js<Value> {
        let ctx = self.ctx;
        let length = self.whole(self.u32())? as usize;
        let bytes = self.whole(self.raw(length))?;
        match tag {
            b'"' => Ok(ctx.string(&bytes.iter().map(|byte| *byte as char).collect::<String>())),
            b'S' => Ok(ctx.string(&String::from_utf8_lossy(bytes))),
            b'c' => {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                    .collect();
                ctx.result(unsafe {
                    qjs::JS_NewStringUTF16(ctx.0, units.as_ptr(), units.len() as _)
                })
            }
            _ => self.whole(None),
        }
    }

    fn big_int(&self) -> Js<Value> {
        let bits = self.whole(self.u32())?;
        let bytes = self.whole(self.raw(bits as usize >> 1))?;
        let mut text = "0x0".to_owned();
        for byte in bytes.iter().rev() {
            text.push_str(&format!("{byte:02x}"));
        }
        let class = self.ctx.get(&self.ctx.global(), "BigInt")?;
        let magnitude = self
            .ctx
            .call(&class, &self.ctx.undefined(), &[self.ctx.string(&text)])?;
        if bits & 1 == 0 {
            return Ok(magnitude);
        }
        let negate = self.ctx.eval(
            "(n) => -n",
            "node:internal/serdes",
            1,
            qjs::JS_EVAL_TYPE_GLOBAL,
        )?;
        self.ctx.call(&negate, &self.ctx.undefined(), &[magnitude])
    }

    /// Up to and with the tag `end`.
    fn properties(&self, object: &Value, end: u8, delegate: &dyn ReadDelegate) -> Js<u32> {
        let ctx = self.ctx;
        let mut count = 0;
        loop {
            if self.whole(self.peek())? == end {
                self.whole(self.tag())?;
                return Ok(count);
            }
            let key = self.value(delegate)?;
            let value = self.value(delegate)?;
            unsafe {
                let atom = qjs::JS_ValueToAtom(ctx.0, key.raw());
                let flags = qjs::JS_PROP_C_W_E as i32;
                let done =
                    qjs::JS_DefinePropertyValue(ctx.0, object.raw(), atom, value.into_raw(), flags);
                qjs::JS_FreeAtom(ctx.0, atom);
                if done < 0 {
                    return Err(Thrown);
                }
            }
            count += 1;
        }
    }

    fn ends_array(
        &self,
        array: Value,
        length: u32,
        end: u8,
        delegate: &dyn ReadDelegate,
    ) -> Js<Value> {
        let count = self.properties(&array, end, delegate)?;
        let told = self.whole(self.u32())?;
        let told_length = self.whole(self.u32())?;
        self.ctx
            .set(&array, "length", self.ctx.number(f64::from(length)));
        self.whole((told == count && told_length == length).then_some(array))
    }

    fn collection(
        &self,
        class: &str,
        method: &str,
        end: u8,
        each: usize,
        delegate: &dyn ReadDelegate,
    ) -> Js<Value> {
        let ctx = self.ctx;
        let object = construct(ctx, class, &[])?;
        self.remember(&object);
        let method = ctx.get(&object, method)?;
        let mut count = 0;
        loop {
            if self.whole(self.peek())? == end {
                self.whole(self.tag())?;
                let told = self.whole(self.u32())?;
                return self.whole((told == count).then_some(object));
            }
            let args = (0..each)
                .map(|_| self.value(delegate))
                .collect::<Js<Vec<_>>>()?;
            ctx.call(&method, &object, &args)?;
            count += each as u32;
        }
    }

    fn view(&self, buffer: &Value) -> Js<Value> {
        let ctx = self.ctx;
        let letter = *self.whole(self.raw(1))?.first().unwrap_or(&0);
        let (offset, length) = (self.whole(self.u32())?, self.whole(self.u32())?);
        if self.version.get() >= 14 {
            self.whole(self.u32())?;
        }
        let whole = ctx.get(buffer, "byteLength")?.as_f64();
        self.whole((f64::from(offset) + f64::from(length) <= whole).then_some(()))?;
        let (class, each) = if letter == b'?' {
            ("DataView", 1)
        } else {
            let view = self.whole(VIEWS.iter().find(|view| view.1 == letter))?;
            (view.0, view.2)
        };
        let args = [
            buffer.clone(),
            ctx.number(f64::from(offset)),
            ctx.number(f64::from(length) / each as f64),
        ];
        let view = construct(ctx, class, &args)?;
        self.remember(&view);
        Ok(view)
    }

    fn error(&self, delegate: &dyn ReadDelegate) -> Js<Value> {
        let ctx = self.ctx;
        let id = self.remember(&ctx.undefined());
        let mut class = "Error";
        let (mut message, mut cause, mut stack) = (None, None, None);
        loop {
            match self.whole(self.tag())? {
                b'.' => break,
                b'm' => message = Some(self.string()?),
                b'c' => cause = Some(self.value(delegate)?),
                b's' => stack = Some(self.string()?),
                letter => class = self.whole(ERRORS.iter().find(|known| known.1 == letter))?.0,
            }
        }
        let error = construct(ctx, class, message.as_slice())?;
        let define = |name: &str, value: Value| {
            let name = crate::engine::value::c_string(name);
            let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
            unsafe {
                qjs::JS_DefinePropertyValueStr(
                    ctx.0,
                    error.raw(),
                    name.as_ptr(),
                    value.into_raw(),
                    flags,
                )
            };
        };
        define("stack", stack.unwrap_or_else(|| ctx.undefined()));
        if let Some(cause) = cause {
            define("cause", cause);
        }
        self.objects.borrow_mut().insert(id, error.clone());
        Ok(error)
    }
}

// ---- node_serdes.cc ----

struct Scripted {
    object: Value,
}

impl Scripted {
    fn call(&self, ctx: Ctx, method: &str, args: &[Value]) -> Js<Option<Value>> {
        let function = ctx.get(&self.object, method)?;
        if !function.is_function() {
            return Ok(None);
        }
        ctx.call(&function, &self.object, args).map(Some)
    }
}

impl WriteDelegate for Scripted {
    fn clone_error(&self, ctx: Ctx, message: &str) -> Thrown {
        let made = ctx
            .get(&self.object, "_getDataCloneError")
            .and_then(|class| {
                if class.is_function() {
                    ctx.call(&class, &self.object, &[ctx.string(message)])
                } else {
                    construct(ctx, "Error", &[ctx.string(message)])
                }
            });
        match made {
            Ok(error) => ctx.throw(error),
            Err(thrown) => thrown,
        }
    }

    fn write_host_object(&self, writer: &Writer, object: &Value) -> Js<()> {
        let ctx = writer.ctx;
        match self.call(ctx, "_writeHostObject", std::slice::from_ref(object))? {
            Some(_) => Ok(()),
            None => {
                let error = throw_new(ctx, "TypeError", "Method HostObject() is not implemented");
                Err(error)
            }
        }
    }

    fn shared_buffer_id(&self, ctx: Ctx, buffer: &Value) -> Js<u32> {
        match self.call(ctx, "_getSharedArrayBufferId", std::slice::from_ref(buffer))? {
            Some(id) => Ok(id.as_f64() as u32),
            None => Err(self.clone_error(ctx, "#<SharedArrayBuffer> could not be cloned.")),
        }
    }
}

impl ReadDelegate for Scripted {
    fn read_host_object(&self, reader: &Reader) -> Js<Value> {
        let ctx = reader.ctx;
        match self.call(ctx, "_readHostObject", &[])? {
            Some(object) if object.is_object() => Ok(object),
            Some(_) => Err(throw_new(
                ctx,
                "TypeError",
                "readHostObject must return an object",
            )),
            None => Err(throw_new(
                ctx,
                "Error",
                "Unable to deserialize cloned data.",
            )),
        }
    }

    fn shared_buffer(&self, ctx: Ctx, id: u32) -> Js<Value> {
        match self.call(ctx, "_getSharedArrayBuffer", &[ctx.number(f64::from(id))])? {
            Some(buffer) if buffer.is_object() => Ok(buffer),
            _ => Err(throw_new(
                ctx,
                "Error",
                "Unable to deserialize cloned data.",
            )),
        }
    }
}

fn scripted(c: &Call) -> Scripted {
    Scripted { object: c.this() }
}

fn cut_off(c: &Call, what: &str) -> Thrown {
    throw_new(c.ctx, "Error", &format!("Read{what}() failed"))
}

pub fn initialize(_: Ctx, t: &Target) -> Js<()> {
    let serializer = t.class("Serializer", |c| c.construct(Writer::new(c.ctx)));
    serializer
        .with("writeHeader", |c| {
            c.state::<Writer>()?.header();
            c.undefined()
        })
        .with("writeValue", |c| {
            c.state::<Writer>()?.value(&c.arg(0), &scripted(c))?;
            Ok(c.ctx.bool(true))
        })
        .with("releaseBuffer", |c| {
            let bytes = c.state::<Writer>()?.take();
            let buffer = new_bytes(c.ctx, &bytes);
            if let Some(prototype) = c.env().kept("bufferPrototype") {
                unsafe { qjs::JS_SetPrototype(c.ctx.0, buffer.raw(), prototype.raw()) };
            }
            Ok(buffer)
        })
        .with("transferArrayBuffer", |c| {
            c.state::<Writer>()?.transfer(c.number(0) as u32, &c.arg(1));
            c.undefined()
        })
        .with("writeUint32", |c| {
            c.state::<Writer>()?.u32(c.number(0) as u32);
            c.undefined()
        })
        .with("writeUint64", |c| {
            let (high, low) = (c.number(0) as u64, c.number(1) as u64);
            c.state::<Writer>()?.u64(high << 32 | low);
            c.undefined()
        })
        .with("writeDouble", |c| {
            c.state::<Writer>()?.double(c.number(0));
            c.undefined()
        })
        .with("writeRawBytes", |c| {
            let source = c.arg(0);
            if bytes_of(c.ctx, &source).0.is_null()
                && !is_of(&source, &["ArrayBuffer"])
                && !is_typed_array(&source)
            {
                let text = "source must be a TypedArray or a DataView";
                return Err(super::native::throw_with_code(
                    c.ctx,
                    "TypeError",
                    "ERR_INVALID_ARG_TYPE",
                    text,
                ));
            }
            let bytes = copy_bytes(c.ctx, &source)?;
            c.state::<Writer>()?.raw(&bytes);
            c.undefined()
        })
        .with("_setTreatArrayBufferViewsAsHostObjects", |c| {
            c.state::<Writer>()?.views_are_host_objects.set(c.truthy(0));
            c.undefined()
        });
    let deserializer = t.class("Deserializer", |c| {
        let buffer = c.arg(0);
        if !is_typed_array(&buffer) && !is_of(&buffer, &["DataView"]) {
            let text = "buffer must be a TypedArray or a DataView";
            return Err(super::native::throw_with_code(
                c.ctx,
                "TypeError",
                "ERR_INVALID_ARG_TYPE",
                text,
            ));
        }
        let object = c.construct(Reader::new(c.ctx, copy_bytes(c.ctx, &buffer)?))?;
        c.ctx.set(&object, "buffer", buffer);
        Ok(object)
    });
    deserializer
        .with("readHeader", |c| {
            if c.state::<Reader>()?.header() {
                return Ok(c.ctx.bool(true));
            }
            Err(throw_new(
                c.ctx,
                "Error",
                "Unable to deserialize cloned data due to invalid or unsupported version.",
            ))
        })
        .with("readValue", |c| c.state::<Reader>()?.value(&scripted(c)))
        .with("getWireFormatVersion", |c| {
            Ok(c.ctx.number(f64::from(c.state::<Reader>()?.version.get())))
        })
        .with("transferArrayBuffer", |c| {
            c.state::<Reader>()?.transfer(c.number(0) as u32, c.arg(1));
            c.undefined()
        })
        .with("readUint32", |c| {
            let value = c
                .state::<Reader>()?
                .u32()
                .ok_or_else(|| cut_off(c, "Uint32"))?;
            Ok(c.ctx.number(f64::from(value)))
        })
        .with("readUint64", |c| {
            let value = c
                .state::<Reader>()?
                .u64()
                .ok_or_else(|| cut_off(c, "Uint64"))?;
            Ok(c.ctx.array([
                c.ctx.number((value >> 32) as f64),
                c.ctx.number((value & 0xffff_ffff) as f64),
            ]))
        })
        .with("readDouble", |c| {
            let value = c
                .state::<Reader>()?
                .double()
                .ok_or_else(|| cut_off(c, "Double"))?;
            Ok(c.ctx.number(value))
        })
        // Where in `buffer` they begin.
        .with("_readRawBytes", |c| {
            let reader = c.state::<Reader>()?;
            let at = reader.at.get();
            reader
                .raw(c.number(0) as usize)
                .ok_or_else(|| cut_off(c, "RawBytes"))?;
            Ok(c.ctx.number(at as f64))
        });
    Ok(())
}
