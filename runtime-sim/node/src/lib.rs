//! One simulated Node 20 process: QuickJS, the event loop, modules, and Node's own JavaScript.
//!
//! ```text
//!   process.rs   the loop as a state machine: one callback or one move at a time      ┐
//!   uv.rs        libuv's side: the clock in milliseconds, the timer, what keeps alive │ no JavaScript
//!   host.rs      clock, costs, limits, tasks and their place in the trace             │
//!   names.rs     functions numbered and described once for the trace                  ┘
//!   hooks.rs     what QuickJS calls while it runs: clock, jobs, interrupts, rejections
//!   natives.rs   `binding`: the native functions behind Node's own JavaScript
//!   modules.rs   finding and compiling files, CommonJS and ES modules
//!   builtins.rs  which of Node's modules exist here, and which do not yet
//!   js/          Node's own JavaScript; js/node/ holds files of Node's, unchanged
//!   engine/      QuickJS, its heap and its values
//!   costs.rs     what things cost in virtual time: the one table
//!   grade.rs     a lesson's checks, in an engine of their own
//! ```
//!
//! # The life of a callback
//! `setTimeout(f, 5)` makes a `Timeout` (js/timers_internal.js) and puts it into the list of its delay; the native
//! `taskQueued` numbers a task and records `TaskQueued` with the stack. When the loop comes to its timers phase it asks
//! JavaScript for the next timer that is due, records `TaskStarted`, calls `f`, records `TaskEnded`, and then empties
//! the two queues, nextTick and microtasks, one callback at a time, before it asks again. A slice of `Step` can end
//! between any two of these.
//!
//! # What always holds
//! - The order is Node v20.20.2's and libuv 1.46's; `tests/truth/event-loop` is the judge.
//! - Work is counted in the interpreter's ticks, exactly. Work of Node's own JavaScript (formatting, walking lists) is
//!   not charged as ticks but at the price in `costs.rs`, so that rewriting it changes no program's times.
//! - `Host` never calls JavaScript. It may be borrowed from any native; nothing holds the borrow across a call.
//! - A limit or `process.exit` raises a flag and throws what JavaScript cannot catch; every native refuses once the flag
//!   is up, so nothing happens after the end.
//! - The heap is given back as a whole when a process ends, whatever state it was in.
//!
//! # What it is not
//! It has no file system calls, streams, network, workers or async hooks yet: requiring them throws an error that says
//! so (`builtins::NOT_YET`). Pending, idle, prepare and close phases exist and are empty. Traces of `await` chains
//! (`at async f`) are not in stacks. Conditions in a package's `exports` are not read. A timer that is unreferenced after
//! it was made still says `unref: false` in its `TaskQueued`.

// Prices and helpers of what only the whole jar has.
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
mod bindings;
mod builtins;
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
mod costs;
mod engine;
mod facts;
mod grade;
mod hooks;
mod host;
mod names;
mod natives;
mod process;
mod uv;

pub use bindings::library::Library;
pub use grade::grade;
pub use process::{Booted, Process};
