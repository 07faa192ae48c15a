//! Compression (`src/node_zlib.cc` of Node 20). DEFLATE is zlib-rs, a port of zlib-ng: it reads what zlib writes and
//! reports what zlib reports, but the bytes that it writes are not the same as those of Node's zlib. Brotli is Dropbox's
//! port of Google's.
//!
//! Asynchronous writes take a thread of the pool; the work itself is done when its virtual time is over.

use std::{
    cell::{Cell, RefCell},
    ffi::{CStr, c_int},
};

use brotli::{
    BrotliDecompressStream, BrotliResult, BrotliState,
    enc::{
        StandardAlloc,
        encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct},
    },
};
use libz_rs_sys::{
    Z_BUF_ERROR, Z_DATA_ERROR, Z_NEED_DICT, Z_OK, Z_STREAM_END, deflate, deflateEnd, deflateInit2_,
    deflateParams, deflateReset, deflateSetDictionary, inflate, inflateEnd, inflateInit2_,
    inflateReset, inflateSetDictionary, z_stream,
};

use protocol::trace::PoolWork;

use crate::{
    costs,
    engine::value::{Ctx, Js, Value},
};

use super::{
    async_wrap, callback,
    environment::{bytes_of, copy_bytes},
    native::{Call, Target, throw_type_error, throw_with_code},
};

const Z_FINISH: c_int = 4;

/// `node_zlib_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Deflate,
    Inflate,
    Gzip,
    Gunzip,
    DeflateRaw,
    InflateRaw,
    Unzip,
}

impl Mode {
    fn from_number(number: f64) -> Option<Self> {
        Some(match number as i32 {
            1 => Self::Deflate,
            2 => Self::Inflate,
            3 => Self::Gzip,
            4 => Self::Gunzip,
            5 => Self::DeflateRaw,
            6 => Self::InflateRaw,
            7 => Self::Unzip,
            _ => return None,
        })
    }

    fn compresses(self) -> bool {
        matches!(self, Self::Deflate | Self::Gzip | Self::DeflateRaw)
    }
}

/// What went wrong, as `onerror` takes it.
struct Failure {
    message: String,
    number: c_int,
    code: String,
}

/// What is left of both buffers after a write.
struct Left {
    input: usize,
    output: usize,
}

trait Codec {
    fn process(&mut self, flush: c_int, input: &[u8], output: &mut [u8]) -> Left;
    fn failure(&self) -> Option<Failure>;
    fn reset(&mut self) -> Option<Failure>;
    fn set_params(&mut self, level: c_int, strategy: c_int) -> Option<Failure>;
    fn cost_ns(&self, input_bytes: usize) -> u64;
}

/// A stream between Node's `ZlibBase` and a codec (`CompressionStream`).
struct Stream {
    codec: RefCell<Option<Box<dyn Codec>>>,
    mode: f64,
    write_state: RefCell<Option<Value>>,
    after_write: RefCell<Option<Value>>,
    writing: Cell<bool>,
    close_pending: Cell<bool>,
}

pub fn initialize(t: &Target) {
    let zlib = stream_class(t, "Zlib");
    zlib.with("init", init_zlib);
    let encoder = stream_class(t, "BrotliEncoder");
    encoder.with("init", |c| init_brotli(c, Box::new(Encoder::new())));
    let decoder = stream_class(t, "BrotliDecoder");
    decoder.with("init", |c| init_brotli(c, Box::new(Decoder::new())));
    t.with("crc32", |c| {
        let bytes = copy_bytes(c.ctx, &c.arg(0))?;
        let start = c.number(1) as u32;
        // SAFETY: the slice is `bytes.len()` long.
        let sum = unsafe { libz_rs_sys::crc32_z(start.into(), bytes.as_ptr(), bytes.len() as _) };
        Ok(c.ctx.number(sum as u32 as f64))
    });
}

fn stream_class(t: &Target, name: &str) -> Target {
    let class = t.class(name, |c| {
        let object = c.construct(Stream {
            codec: RefCell::default(),
            mode: c.number(0),
            write_state: RefCell::default(),
            after_write: RefCell::default(),
            writing: Cell::default(),
            close_pending: Cell::default(),
        })?;
        async_wrap::adopt(c.ctx, &object, "ZLIB");
        Ok(object)
    });
    class
        .with("write", write)
        .with("writeSync", write_sync)
        .with("close", |c| {
            c.state::<Stream>()?.close();
            c.undefined()
        })
        .with("reset", |c| {
            let failure = c
                .state::<Stream>()?
                .codec
                .borrow_mut()
                .as_mut()
                .and_then(|codec| codec.reset());
            report(c.ctx, &c.this(), failure);
            c.undefined()
        })
        .with("params", |c| {
            let (level, strategy) = (c.number(0) as c_int, c.number(1) as c_int);
            let failure = c
                .state::<Stream>()?
                .codec
                .borrow_mut()
                .as_mut()
                .and_then(|codec| codec.set_params(level, strategy));
            report(c.ctx, &c.this(), failure);
            c.undefined()
        })
        .with("getAsyncId", |c| {
            Ok(c.ctx.number(async_wrap::ids_of(c.ctx, &c.this()).0))
        });
    class
}

impl Stream {
    /// A write under way keeps its codec until it is done.
    fn close(&self) {
        if self.writing.get() {
            self.close_pending.set(true);
            return;
        }
        self.close_pending.set(false);
        self.codec.borrow_mut().take();
    }

    fn wrote(&self) {
        self.writing.set(false);
        if self.close_pending.get() {
            self.close();
        }
    }

    fn keep(&self, write_state: Value, after_write: Value) {
        *self.write_state.borrow_mut() = Some(write_state);
        *self.after_write.borrow_mut() = Some(after_write);
    }
}

/// `init(windowBits, level, memLevel, strategy, writeResult, writeCallback, dictionary)`
fn init_zlib(c: &Call) -> Js<Value> {
    let stream = c.state::<Stream>()?;
    let Some(mode) = Mode::from_number(stream.mode) else {
        return Err(throw_type_error(c.ctx, "Bad argument"));
    };
    let dictionary = c.arg(6);
    let dictionary = if dictionary.is_object() {
        copy_bytes(c.ctx, &dictionary)?
    } else {
        Vec::new()
    };
    stream.keep(c.arg(4), c.arg(5));
    let window_bits = c.number(0) as c_int;
    let codec = Deflate {
        window_bits: match mode {
            Mode::Gzip | Mode::Gunzip => window_bits + 16,
            Mode::Unzip => window_bits + 32,
            Mode::DeflateRaw | Mode::InflateRaw => -window_bits,
            _ => window_bits,
        },
        level: c.number(1) as c_int,
        memory_level: c.number(2) as c_int,
        strategy: c.number(3) as c_int,
        dictionary,
        mode,
        begun: None,
        status: Z_OK,
        flush: 0,
        output_left: 0,
        gzip_bytes_seen: 0,
        // SAFETY: zlib's own way to begin one: everything 0.
        stream: Box::new(unsafe { std::mem::zeroed() }),
    };
    *stream.codec.borrow_mut() = Some(Box::new(codec));
    c.undefined()
}

/// `init(params, writeResult, writeCallback)`
fn init_brotli(c: &Call, mut codec: Box<dyn Brotli>) -> Js<Value> {
    let stream = c.state::<Stream>()?;
    let params = copy_bytes(c.ctx, &c.arg(0))?;
    stream.keep(c.arg(1), c.arg(2));
    for (number, value) in params.chunks_exact(4).enumerate() {
        let value = u32::from_ne_bytes([value[0], value[1], value[2], value[3]]);
        if value != u32::MAX && !codec.set_parameter(number, value) {
            return Ok(c.ctx.bool(false));
        }
    }
    *stream.codec.borrow_mut() = Some(codec.boxed());
    Ok(c.ctx.bool(true))
}

/// `write(flush, in, in_off, in_len, out, out_off, out_len)`
struct Write {
    flush: c_int,
    input: Value,
    input_range: (usize, usize),
    output: Value,
    output_range: (usize, usize),
}

impl Write {
    fn of(c: &Call) -> Self {
        Self {
            flush: c.number(0) as c_int,
            input: c.arg(1),
            input_range: (c.number(2) as usize, c.number(3) as usize),
            output: c.arg(4),
            output_range: (c.number(5) as usize, c.number(6) as usize),
        }
    }

    /// Does the work; false when it failed and that was reported.
    fn process(&self, ctx: Ctx, object: &Value, stream: &Stream) -> bool {
        let (input, output) = (
            part_of(ctx, &self.input, self.input_range),
            part_of(ctx, &self.output, self.output_range),
        );
        let (left, failure) = {
            let mut codec = stream.codec.borrow_mut();
            let Some(codec) = codec.as_mut() else {
                return false;
            };
            (codec.process(self.flush, input, output), codec.failure())
        };
        if failure.is_some() {
            report(ctx, object, failure);
            stream.wrote();
            return false;
        }
        if let Some(state) = stream.write_state.borrow().as_ref() {
            let (bytes, length) = bytes_of(ctx, state);
            if length >= 8 {
                // SAFETY: it is a Uint32Array of two.
                unsafe {
                    *bytes.cast::<u32>() = left.output as u32;
                    *bytes.cast::<u32>().add(1) = left.input as u32;
                }
            }
        }
        true
    }
}

fn part_of<'a>(ctx: Ctx, value: &Value, (offset, length): (usize, usize)) -> &'a mut [u8] {
    let (bytes, whole) = bytes_of(ctx, value);
    if bytes.is_null() || offset > whole {
        return &mut [];
    }
    // SAFETY: within the buffer, which the caller keeps, and nothing else looks at it during the call.
    unsafe { std::slice::from_raw_parts_mut(bytes.add(offset), length.min(whole - offset)) }
}

fn ready(c: &Call) -> Js<()> {
    let stream = c.state::<Stream>()?;
    if stream.codec.borrow().is_none() || stream.writing.get() || stream.close_pending.get() {
        return Err(throw_with_code(
            c.ctx,
            "Error",
            "ERR_INVALID_STATE",
            "Invalid state: the stream is closed or busy",
        ));
    }
    stream.writing.set(true);
    Ok(())
}

fn write_sync(c: &Call) -> Js<Value> {
    ready(c)?;
    let (stream, write) = (c.state::<Stream>()?, Write::of(c));
    let cost_ns = stream
        .codec
        .borrow()
        .as_ref()
        .map_or(0, |codec| codec.cost_ns(write.input_range.1));
    c.env().spend_ns(cost_ns);
    if write.process(c.ctx, &c.this(), stream) {
        stream.wrote();
    }
    c.undefined()
}

fn write(c: &Call) -> Js<Value> {
    ready(c)?;
    let (object, write) = (c.this(), Write::of(c));
    let cost_ns = c
        .state::<Stream>()?
        .codec
        .borrow()
        .as_ref()
        .map_or(0, |codec| codec.cost_ns(write.input_range.1));
    c.env().queue_work(PoolWork::Zlib, cost_ns, move |ctx| {
        let Ok(stream) = super::native::state_of::<Stream>(ctx, object.raw()) else {
            return;
        };
        if !write.process(ctx, &object, stream) {
            return;
        }
        stream.writing.set(false);
        let after_write = stream.after_write.borrow().clone();
        if let Some(after_write) = after_write {
            let ids = async_wrap::ids_of(ctx, &object);
            callback::make_as(ctx, &after_write, &object, &[], ids, Some(&object));
        }
        if stream.close_pending.get() {
            stream.close();
        }
    });
    c.undefined()
}

fn report(ctx: Ctx, object: &Value, failure: Option<Failure>) {
    if let Some(Failure {
        message,
        number,
        code,
    }) = failure
    {
        let args = [
            ctx.string(&message),
            ctx.number(f64::from(number)),
            ctx.string(&code),
        ];
        callback::make_method(ctx, object, "onerror", &args);
    }
}

/// `ZlibContext`
struct Deflate {
    mode: Mode,
    window_bits: c_int,
    level: c_int,
    memory_level: c_int,
    strategy: c_int,
    dictionary: Vec<u8>,
    /// As what it was begun, on first use.
    begun: Option<Mode>,
    status: c_int,
    flush: c_int,
    output_left: usize,
    gzip_bytes_seen: u32,
    /// The state behind it points back, so it must not move.
    stream: Box<z_stream>,
}

impl Drop for Deflate {
    fn drop(&mut self) {
        match self.begun {
            Some(mode) if mode.compresses() => unsafe { deflateEnd(&mut *self.stream) },
            Some(_) => unsafe { inflateEnd(&mut *self.stream) },
            None => 0,
        };
    }
}

impl Deflate {
    fn begin(&mut self) {
        if self.begun.is_some() {
            return;
        }
        let version = libz_rs_sys::zlibVersion();
        let size = size_of::<z_stream>() as c_int;
        // SAFETY: a stream of zeroes, which does not move, is what both ask for.
        self.status = unsafe {
            if self.mode.compresses() {
                deflateInit2_(
                    &mut *self.stream,
                    self.level,
                    libz_rs_sys::Z_DEFLATED,
                    self.window_bits,
                    self.memory_level,
                    self.strategy,
                    version,
                    size,
                )
            } else {
                inflateInit2_(&mut *self.stream, self.window_bits, version, size)
            }
        };
        if self.status == Z_OK {
            self.begun = Some(self.mode);
            self.load_dictionary();
        }
    }

    fn load_dictionary(&mut self) -> Option<Failure> {
        if self.dictionary.is_empty() {
            return None;
        }
        let (bytes, length) = (self.dictionary.as_ptr(), self.dictionary.len() as _);
        // SAFETY: the stream was begun for this mode, and the dictionary outlives the call, which copies it.
        self.status = unsafe {
            match self.mode {
                Mode::Deflate | Mode::DeflateRaw => {
                    deflateSetDictionary(&mut *self.stream, bytes, length)
                }
                Mode::InflateRaw => inflateSetDictionary(&mut *self.stream, bytes, length),
                _ => Z_OK,
            }
        };
        (self.status != Z_OK).then(|| self.failed("Failed to set dictionary"))
    }

    fn inflate(&mut self) {
        // SAFETY: `process` has pointed it at both buffers.
        self.status = unsafe { inflate(&mut *self.stream, self.flush) };
    }

    fn inflate_members(&mut self) {
        self.inflate();
        if self.mode != Mode::InflateRaw
            && self.status == Z_NEED_DICT
            && !self.dictionary.is_empty()
        {
            let (bytes, length) = (self.dictionary.as_ptr(), self.dictionary.len() as _);
            self.status = unsafe { inflateSetDictionary(&mut *self.stream, bytes, length) };
            if self.status == Z_OK {
                self.inflate();
            } else if self.status == Z_DATA_ERROR {
                // Both calls answer this; only this one means a wrong dictionary.
                self.status = Z_NEED_DICT;
            }
        }
        // Another member of the archive may follow. Zero bytes are padding.
        while self.stream.avail_in > 0
            && self.mode == Mode::Gunzip
            && self.status == Z_STREAM_END
            && unsafe { *self.stream.next_in } != 0
        {
            self.reset();
            self.inflate();
        }
    }

    /// Finds out what an `unzip` is given.
    fn look_at_header(&mut self, input: &[u8]) {
        let mut input = input.iter();
        if self.gzip_bytes_seen == 0 {
            match input.next() {
                None => return,
                Some(0x1f) => self.gzip_bytes_seen = 1,
                Some(_) => {
                    self.mode = Mode::Inflate;
                    return;
                }
            }
        }
        match input.next() {
            None => {}
            Some(0x8b) => {
                self.gzip_bytes_seen = 2;
                self.mode = Mode::Gunzip;
            }
            Some(_) => self.mode = Mode::Inflate,
        }
    }

    fn failed(&self, message: &str) -> Failure {
        let message = if self.stream.msg.is_null() {
            message.to_owned()
        } else {
            // SAFETY: zlib's messages are static strings.
            unsafe { CStr::from_ptr(self.stream.msg) }
                .to_string_lossy()
                .into_owned()
        };
        let code = match self.status {
            0 => "Z_OK",
            1 => "Z_STREAM_END",
            2 => "Z_NEED_DICT",
            -1 => "Z_ERRNO",
            -2 => "Z_STREAM_ERROR",
            -3 => "Z_DATA_ERROR",
            -4 => "Z_MEM_ERROR",
            -5 => "Z_BUF_ERROR",
            -6 => "Z_VERSION_ERROR",
            _ => "Z_UNKNOWN_ERROR",
        };
        Failure {
            message,
            number: self.status,
            code: code.to_owned(),
        }
    }
}

impl Codec for Deflate {
    fn process(&mut self, flush: c_int, input: &[u8], output: &mut [u8]) -> Left {
        self.flush = flush;
        self.output_left = output.len();
        self.begin();
        if self.begun.is_none() {
            return Left {
                input: input.len(),
                output: output.len(),
            };
        }
        if self.status != Z_OK
            && self.status != Z_BUF_ERROR
            && self.status != Z_STREAM_END
            && self.status != Z_NEED_DICT
        {
            return Left {
                input: input.len(),
                output: output.len(),
            };
        }
        self.stream.next_in = input.as_ptr().cast_mut();
        self.stream.avail_in = input.len() as _;
        self.stream.next_out = output.as_mut_ptr();
        self.stream.avail_out = output.len() as _;
        if self.mode.compresses() {
            // SAFETY: both buffers are as long as just said.
            self.status = unsafe { deflate(&mut *self.stream, flush) };
        } else {
            if self.mode == Mode::Unzip {
                self.look_at_header(input);
            }
            self.inflate_members();
        }
        self.output_left = self.stream.avail_out as usize;
        Left {
            input: self.stream.avail_in as usize,
            output: self.output_left,
        }
    }

    fn failure(&self) -> Option<Failure> {
        match self.status {
            Z_OK | Z_BUF_ERROR => (self.output_left != 0 && self.flush == Z_FINISH)
                .then(|| self.failed("unexpected end of file")),
            Z_STREAM_END => None,
            Z_NEED_DICT if self.dictionary.is_empty() => Some(self.failed("Missing dictionary")),
            Z_NEED_DICT => Some(self.failed("Bad dictionary")),
            _ => Some(self.failed("Zlib error")),
        }
    }

    fn reset(&mut self) -> Option<Failure> {
        self.status = Z_OK;
        let mode = self.begun?;
        self.status = unsafe {
            if mode.compresses() {
                deflateReset(&mut *self.stream)
            } else {
                inflateReset(&mut *self.stream)
            }
        };
        if self.status != Z_OK {
            return Some(self.failed("Failed to reset stream"));
        }
        self.load_dictionary()
    }

    fn set_params(&mut self, level: c_int, strategy: c_int) -> Option<Failure> {
        self.begin();
        self.status = Z_OK;
        if matches!(self.mode, Mode::Deflate | Mode::DeflateRaw) {
            // It may compress what was buffered, into no room at all, as in Node.
            self.status = unsafe { deflateParams(&mut *self.stream, level, strategy) };
        }
        (self.status != Z_OK && self.status != Z_BUF_ERROR)
            .then(|| self.failed("Failed to set parameters"))
    }

    fn cost_ns(&self, input_bytes: usize) -> u64 {
        let each_ns = if self.mode.compresses() {
            costs::DEFLATE_BYTE_NS
        } else {
            costs::INFLATE_BYTE_NS
        };
        costs::CODEC_CALL_NS + each_ns * input_bytes as u64
    }
}

trait Brotli: Codec {
    fn set_parameter(&mut self, number: usize, value: u32) -> bool;
    fn boxed(self: Box<Self>) -> Box<dyn Codec>;
}

type EncoderState = BrotliEncoderStateStruct<StandardAlloc>;

struct Encoder {
    state: EncoderState,
    parameters: Vec<(usize, u32)>,
    succeeded: bool,
}

impl Encoder {
    fn new() -> Self {
        Self {
            state: EncoderState::new(StandardAlloc::default()),
            parameters: Vec::new(),
            succeeded: true,
        }
    }
}

/// `BrotliEncoderParameter` of Google's `encode.h`.
fn encoder_parameter(number: usize) -> Option<BrotliEncoderParameter> {
    use BrotliEncoderParameter as P;
    Some(match number {
        0 => P::BROTLI_PARAM_MODE,
        1 => P::BROTLI_PARAM_QUALITY,
        2 => P::BROTLI_PARAM_LGWIN,
        3 => P::BROTLI_PARAM_LGBLOCK,
        4 => P::BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING,
        5 => P::BROTLI_PARAM_SIZE_HINT,
        6 => P::BROTLI_PARAM_LARGE_WINDOW,
        _ => return None,
    })
}

impl Brotli for Encoder {
    fn set_parameter(&mut self, number: usize, value: u32) -> bool {
        match encoder_parameter(number) {
            Some(parameter) if self.state.set_parameter(parameter, value) => {
                self.parameters.push((number, value));
                true
            }
            // The layout of distances has no effect here, but Node takes it.
            _ => matches!(number, 7 | 8),
        }
    }

    fn boxed(self: Box<Self>) -> Box<dyn Codec> {
        self
    }
}

impl Codec for Encoder {
    fn process(&mut self, flush: c_int, input: &[u8], output: &mut [u8]) -> Left {
        let operation = match flush {
            1 => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
            2 => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
            3 => BrotliEncoderOperation::BROTLI_OPERATION_EMIT_METADATA,
            _ => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
        };
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut input_at, mut output_at) = (0, 0);
        self.succeeded = self.state.compress_stream(
            operation,
            &mut input_left,
            input,
            &mut input_at,
            &mut output_left,
            output,
            &mut output_at,
            &mut None,
            &mut |_, _, _, _: &mut StandardAlloc| {},
        );
        Left {
            input: input_left,
            output: output_left,
        }
    }

    fn failure(&self) -> Option<Failure> {
        (!self.succeeded).then(|| Failure {
            message: "Compression failed".to_owned(),
            number: -1,
            code: "ERR_BROTLI_COMPRESSION_FAILED".to_owned(),
        })
    }

    fn reset(&mut self) -> Option<Failure> {
        let parameters = std::mem::take(&mut self.parameters);
        *self = Self::new();
        for (number, value) in parameters {
            self.set_parameter(number, value);
        }
        None
    }

    fn set_params(&mut self, _: c_int, _: c_int) -> Option<Failure> {
        None
    }

    fn cost_ns(&self, input_bytes: usize) -> u64 {
        costs::CODEC_CALL_NS + costs::BROTLI_ENCODE_BYTE_NS * input_bytes as u64
    }
}

type DecoderState = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

struct Decoder {
    state: Box<DecoderState>,
    large_window: bool,
    wants_more: bool,
    failed: bool,
    flush: c_int,
}

impl Decoder {
    fn new() -> Self {
        Self {
            state: decoder_state(false),
            large_window: false,
            wants_more: false,
            failed: false,
            flush: 0,
        }
    }
}

fn decoder_state(large_window: bool) -> Box<DecoderState> {
    let alloc = StandardAlloc::default;
    Box::new(if large_window {
        DecoderState::new(alloc(), alloc(), alloc())
    } else {
        DecoderState::new_strict(alloc(), alloc(), alloc())
    })
}

impl Brotli for Decoder {
    fn set_parameter(&mut self, number: usize, value: u32) -> bool {
        if number == 1 {
            self.large_window = value != 0;
            self.state = decoder_state(self.large_window);
        }
        number < 2
    }

    fn boxed(self: Box<Self>) -> Box<dyn Codec> {
        self
    }
}

impl Codec for Decoder {
    fn process(&mut self, flush: c_int, input: &[u8], output: &mut [u8]) -> Left {
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut input_at, mut output_at, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut input_left,
            &mut input_at,
            input,
            &mut output_left,
            &mut output_at,
            output,
            &mut total,
            &mut self.state,
        );
        self.flush = flush;
        self.failed = matches!(result, BrotliResult::ResultFailure);
        self.wants_more = matches!(result, BrotliResult::NeedsMoreInput);
        Left {
            input: input_left,
            output: output_left,
        }
    }

    fn failure(&self) -> Option<Failure> {
        if self.failed {
            let name = format!("{:?}", self.state.error_code);
            return Some(Failure {
                message: "Decompression failed".to_owned(),
                number: self.state.error_code as c_int,
                code: format!("ERR_{}", name.trim_start_matches("BROTLI_DECODER")),
            });
        }
        (self.flush == 2 && self.wants_more).then(|| Failure {
            message: "unexpected end of file".to_owned(),
            number: Z_BUF_ERROR,
            code: "Z_BUF_ERROR".to_owned(),
        })
    }

    fn reset(&mut self) -> Option<Failure> {
        self.state = decoder_state(self.large_window);
        self.failed = false;
        None
    }

    fn set_params(&mut self, _: c_int, _: c_int) -> Option<Failure> {
        None
    }

    fn cost_ns(&self, input_bytes: usize) -> u64 {
        costs::CODEC_CALL_NS + costs::INFLATE_BYTE_NS * input_bytes as u64
    }
}
