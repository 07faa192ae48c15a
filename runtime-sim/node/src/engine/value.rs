//! JavaScript values that Rust holds on to, and the context they live in.

use std::ffi::{CStr, CString, c_char, c_int};

use rquickjs::qjs::{self, JSContext, JSValue};

/// A JavaScript exception is pending in the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

pub type Js<T> = Result<T, Thrown>;

/// A counted reference. It must not outlive its engine: whoever owns both declares the engine last.
pub struct Value {
    raw: JSValue,
    ctx: *mut JSContext,
}

impl Drop for Value {
    fn drop(&mut self) {
        unsafe { qjs::JS_FreeValue(self.ctx, self.raw) };
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Ctx(self.ctx).borrowed(self.raw)
    }
}

impl Value {
    pub fn raw(&self) -> JSValue {
        self.raw
    }

    /// Gives the reference away, to the engine.
    pub fn into_raw(self) -> JSValue {
        let raw = self.raw;
        std::mem::forget(self);
        raw
    }

    pub fn is_null(&self) -> bool {
        unsafe { qjs::JS_IsNull(self.raw) }
    }

    pub fn is_object(&self) -> bool {
        unsafe { qjs::JS_IsObject(self.raw) }
    }

    pub fn is_number(&self) -> bool {
        unsafe { qjs::JS_IsNumber(self.raw) }
    }

    pub fn truthy(&self) -> bool {
        unsafe { qjs::JS_ToBool(self.ctx, self.raw) == 1 }
    }

    /// 0 for what is no number.
    /// As `Number` reads a text; 0 for what is none. Rust's own reader of numbers would weigh 10 kB.
    pub fn to_number(&self) -> f64 {
        let mut number = 0.0;
        let read = unsafe { qjs::JS_ToFloat64(self.ctx, &mut number, self.raw) } == 0;
        if read && number.is_finite() {
            number
        } else {
            0.0
        }
    }

    pub fn as_f64(&self) -> f64 {
        let mut number = 0.0;
        if self.is_number() && unsafe { qjs::JS_ToFloat64(self.ctx, &mut number, self.raw) } == 0 {
            number
        } else {
            0.0
        }
    }
}

/// Where values are made and calls are made. Copied freely; the engine outlives it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ctx(pub *mut JSContext);

impl Ctx {
    /// Takes over a reference that the engine gave.
    pub fn owned(self, raw: JSValue) -> Value {
        Value { raw, ctx: self.0 }
    }

    /// Shares one that the engine keeps.
    pub fn borrowed(self, raw: JSValue) -> Value {
        Value {
            raw: unsafe { qjs::JS_DupValue(self.0, raw) },
            ctx: self.0,
        }
    }

    /// A result of the engine: a value, or news of an exception.
    pub fn result(self, raw: JSValue) -> Js<Value> {
        if unsafe { qjs::JS_IsException(raw) } {
            Err(Thrown)
        } else {
            Ok(self.owned(raw))
        }
    }

    pub fn undefined(self) -> Value {
        self.owned(qjs::JS_UNDEFINED)
    }

    pub fn null(self) -> Value {
        self.owned(qjs::JS_NULL)
    }

    pub fn bool(self, value: bool) -> Value {
        self.owned(if value { qjs::JS_TRUE } else { qjs::JS_FALSE })
    }

    /// A whole number is an integer to the engine, as its own are: it is faster with them, and as keys by far.
    pub fn number(self, value: f64) -> Value {
        self.owned(unsafe { qjs::JS_NewNumber(self.0, value) })
    }

    pub fn string(self, text: &str) -> Value {
        self.owned(unsafe { qjs::JS_NewStringLen(self.0, text.as_ptr().cast(), text.len() as _) })
    }

    pub fn object(self) -> Value {
        self.owned(unsafe { qjs::JS_NewObject(self.0) })
    }

    /// The file, and line, column and width of what the parser objected to, when that is what the error is about.
    pub fn syntax_error_span(self, error: &Value) -> Option<(String, [i32; 3])> {
        let mut span = super::ffi::ErrorSpan {
            filename: std::ptr::null(),
            line: 0,
            column: 0,
            width: 0,
        };
        if !unsafe { super::ffi::JS_GetSyntaxErrorSpan(self.0, error.raw(), &mut span) } {
            return None;
        }
        let file = unsafe { std::ffi::CStr::from_ptr(span.filename) }
            .to_string_lossy()
            .into_owned();
        unsafe { qjs::JS_FreeCString(self.0, span.filename) };
        Some((file, [span.line, span.column, span.width]))
    }

    pub fn array(self, items: impl IntoIterator<Item = Value>) -> Value {
        let array = self.owned(unsafe { qjs::JS_NewArray(self.0) });
        for (index, item) in items.into_iter().enumerate() {
            unsafe {
                qjs::JS_SetPropertyUint32(self.0, array.raw, index as u32, item.into_raw());
            }
        }
        array
    }

    pub fn strings<'a>(self, items: impl IntoIterator<Item = &'a str>) -> Value {
        self.array(items.into_iter().map(|item| self.string(item)))
    }

    pub fn get(self, object: &Value, name: &str) -> Js<Value> {
        let name = CString::new(name).expect("names of ours have no zero byte");
        self.result(unsafe { qjs::JS_GetPropertyStr(self.0, object.raw, name.as_ptr()) })
    }

    pub fn at(self, array: &Value, index: u32) -> Js<Value> {
        self.result(unsafe { qjs::JS_GetPropertyUint32(self.0, array.raw, index) })
    }

    pub fn length(self, array: &Value) -> u32 {
        let mut length = 0;
        if unsafe { qjs::JS_GetLength(self.0, array.raw, &mut length) } < 0 {
            self.take_exception();
        }
        u32::try_from(length).unwrap_or(0)
    }

    pub fn set(self, object: &Value, name: &str, value: Value) {
        let name = CString::new(name).expect("names of ours have no zero byte");
        unsafe {
            if qjs::JS_SetPropertyStr(self.0, object.raw, name.as_ptr(), value.into_raw()) < 0 {
                self.take_exception();
            }
        }
    }

    pub fn call(self, function: &Value, this: &Value, args: &[Value]) -> Js<Value> {
        let mut raw: Vec<JSValue> = args.iter().map(Value::raw).collect();
        self.result(unsafe {
            qjs::JS_Call(
                self.0,
                function.raw,
                this.raw,
                raw.len() as c_int,
                raw.as_mut_ptr(),
            )
        })
    }

    /// The text of any value as JavaScript's `String(value)` has it; lone surrogates become U+FFFD.
    pub fn text(self, value: &Value) -> Js<String> {
        self.text_of(value.raw)
    }

    pub fn text_of(self, raw: JSValue) -> Js<String> {
        let mut length = 0;
        let chars = unsafe { qjs::JS_ToCStringLen2(self.0, &mut length, raw, false) };
        if chars.is_null() {
            return Err(Thrown);
        }
        let bytes = unsafe { std::slice::from_raw_parts(chars.cast::<u8>(), length as usize) };
        let text = String::from_utf8_lossy(bytes).into_owned();
        unsafe { qjs::JS_FreeCString(self.0, chars) };
        Ok(text)
    }

    pub fn take_exception(self) -> Value {
        self.owned(unsafe { qjs::JS_GetException(self.0) })
    }

    pub fn throw(self, value: Value) -> Thrown {
        unsafe { qjs::JS_Throw(self.0, value.into_raw()) };
        Thrown
    }

    /// Throws what no JavaScript can catch: `finally` does not run either.
    pub fn throw_uncatchable(self) -> Thrown {
        unsafe {
            let error = qjs::JS_NewError(self.0);
            qjs::JS_SetUncatchableError(self.0, error);
            qjs::JS_Throw(self.0, error);
        }
        Thrown
    }

    /// Compiles and runs a script; `line` is the number of its first line.
    pub fn eval(self, source: &str, name: &str, line: i32, flags: u32) -> Js<Value> {
        // The engine wants a zero byte behind the source, and reads it as the end only there.
        let mut bytes = Vec::with_capacity(source.len() + 1);
        bytes.extend_from_slice(source.as_bytes());
        bytes.push(0);
        let name = c_string(name);
        let mut options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as c_int,
            eval_flags: flags as c_int,
            filename: name.as_ptr(),
            line_num: line,
        };
        self.result(unsafe {
            qjs::JS_Eval2(
                self.0,
                bytes.as_ptr().cast::<c_char>(),
                source.len() as _,
                &mut options,
            )
        })
    }
}

/// For names that come from outside: cut at a zero byte, which no path has.
pub fn c_string(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).expect("cut at the first zero byte")
}

/// # Safety
/// `chars` is null or a string of the engine.
pub unsafe fn text_of_chars(chars: *const c_char) -> String {
    if chars.is_null() {
        String::new()
    } else {
        unsafe { CStr::from_ptr(chars) }
            .to_string_lossy()
            .into_owned()
    }
}

// What the bindings ask of values besides.

impl Value {
    pub fn is_undefined(&self) -> bool {
        unsafe { qjs::JS_IsUndefined(self.raw) }
    }

    pub fn is_string(&self) -> bool {
        unsafe { qjs::JS_IsString(self.raw) }
    }

    pub fn is_function(&self) -> bool {
        unsafe { qjs::JS_IsFunction(self.ctx, self.raw) }
    }
}

impl Ctx {
    pub fn global(self) -> Value {
        self.owned(unsafe { qjs::JS_GetGlobalObject(self.0) })
    }
}
