//! One simulated Node 20 process: QuickJS, the event loop, modules, and Node's own JavaScript.
//!
//! ```text
//!   process.rs   the loop as a state machine: one callback or one move at a time      ┐
//!   uv.rs        libuv's side: the clock in milliseconds, the timer, what keeps alive │ no JavaScript
//!   host.rs      clock, costs, limits, tasks and their place in the trace             │
//!   names.rs     functions numbered and described once for the trace                  ┘
//!   hooks.rs     what QuickJS calls while it runs: clock, jobs, interrupts, rejections
//!   bindings/    `internalBinding(name)` in Rust: what Node's own library stands on
//!   js/          the few lines that Node has in C++ or not at all
//!   engine/      QuickJS, its heap and its values
//!   costs.rs     what things cost in virtual time: the one table
//!   facts.rs     what a lesson's checks may ask about a run
//!   grade.rs     a lesson's checks, in an engine of their own
//! ```
//!
//! Node's own library (`lib/` of Node 20, unmodified but for a few calls that tell the trace) is not in here: it comes
//! as a [`Library`], made by packages/node-lib/build.js.
//!
//! # The life of a callback
//! `setTimeout(f, 5)` is Node's own: it makes a `Timeout`, puts it into the list of its delay and asks the binding for
//! a timer; one of the few added calls numbers a task and records `TaskQueued` with the stack. When the loop comes to
//! its timers phase it calls what the library registered for due timers, records `TaskStarted`, calls `f`, records
//! `TaskEnded`, and then empties the two queues, nextTick and microtasks, one callback at a time, before it asks again.
//! A slice of `Step` can end between any two of these.
//!
//! # What always holds
//! - The order is Node v20.20.2's and libuv 1.46's; `tests/truth/event-loop` is the judge.
//! - Work is counted in the interpreter's ticks, exactly. Work of Node's own library (formatting, walking lists) is not
//!   charged as ticks but at the price in `costs.rs`, so that a newer library changes no program's times.
//! - `Host` never calls JavaScript. It may be borrowed from any native; nothing holds the borrow across a call.
//! - A limit or `process.exit` raises a flag and throws what JavaScript cannot catch; every native refuses once the flag
//!   is up, so nothing happens after the end.
//! - The heap is given back as a whole when a process ends, whatever state it was in.
//!
//! # What it is not
//! A name of a binding that has no Rust function throws an error that says so (bindings/mod.rs): HTTP/2 and the inspector are among
//! them.

// Prices and helpers of what only the whole jar has.
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
mod bindings;
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
mod costs;
mod engine;
mod facts;
mod grade;
mod hooks;
mod host;
mod names;
mod process;
mod uv;

pub use bindings::code_cache::CodeCache;
pub use bindings::library::Library;
pub use grade::grade;
pub use process::{Booted, Process};
