//! `src/node_os.cc`: one machine with one processor, the loopback interface and the user root.

use crate::engine::value::{Js, Value};

use super::{
    buffer,
    native::{Call, Target},
    process::PID,
};

const PRIORITY_MIN: i32 = -20;
const PRIORITY_MAX: i32 = 19;

pub fn initialize(t: &Target) {
    t.with("getHostname", |c| Ok(c.ctx.string("terrarium")))
        .with("getOSInformation", |c| {
            Ok(c.ctx.strings(["Linux", "#1 SMP", "6.1.0", "x86_64"]))
        })
        .with("getHomeDirectory", |c| {
            let home = super::variables::get(c.env(), "HOME");
            Ok(c.ctx.string(home.as_deref().unwrap_or("/root")))
        })
        .with("getTotalMem", |c| Ok(c.ctx.number(8e9)))
        .with("getFreeMem", |c| Ok(c.ctx.number(4e9)))
        .with("getAvailableParallelism", |c| Ok(c.ctx.number(1.0)))
        .with("getUptime", |c| {
            Ok(c.ctx.number(1000.0 + c.env().now_ns() as f64 / 1e9))
        })
        .with("getCPUs", |c| {
            let number = |value| c.ctx.number(value);
            let times = [3000.0, 0.0, 0.0, 0.0, 0.0, 0.0].map(number);
            Ok(c.ctx
                .array([c.ctx.string("Terrarium")].into_iter().chain(times)))
        })
        // The array that the library hands over stays at zero.
        .with("getLoadAvg", |c| c.undefined())
        .with("getInterfaceAddresses", interfaces)
        .with("getUserInfo", user)
        .with("getPriority", |c| {
            if !is_this_process(c.number(0)) {
                return no_such_process(c, "uv_os_getpriority");
            }
            Ok(c.ctx.number(f64::from(c.env().priority.get())))
        })
        .with("setPriority", |c| {
            if !is_this_process(c.number(0)) {
                no_such_process(c, "uv_os_setpriority")?;
                return Ok(c.ctx.number(-3.0));
            }
            c.env()
                .priority
                .set((c.number(1) as i32).clamp(PRIORITY_MIN, PRIORITY_MAX));
            Ok(c.ctx.number(0.0))
        })
        .value("isBigEndian", t.ctx.bool(false));
}

fn is_this_process(pid: f64) -> bool {
    pid == 0.0 || pid == f64::from(PID)
}

/// `Environment::CollectUVExceptionInfo`, into the last argument.
fn no_such_process(c: &Call, syscall: &str) -> Js<Value> {
    let context = c.arg(c.args.len() - 1);
    c.ctx.set(&context, "errno", c.ctx.number(-3.0));
    c.ctx.set(&context, "code", c.ctx.string("ESRCH"));
    c.ctx
        .set(&context, "message", c.ctx.string("no such process"));
    c.ctx.set(&context, "syscall", c.ctx.string(syscall));
    c.undefined()
}

/// Name, address, mask, family, hardware address, whether it is internal, scope: seven for each.
fn interfaces(c: &Call) -> Js<Value> {
    let text = |text| c.ctx.string(text);
    Ok(c.ctx.array([
        text("lo"),
        text("127.0.0.1"),
        text("255.0.0.0"),
        text("IPv4"),
        text("00:00:00:00:00:00"),
        c.ctx.bool(true),
        c.ctx.number(-1.0),
    ]))
}

fn user(c: &Call) -> Js<Value> {
    let options = c.arg(0);
    let encoding = if options.is_object() {
        c.ctx.get(&options, "encoding")?
    } else {
        c.ctx.undefined()
    };
    let as_buffer = encoding.is_string() && c.ctx.text(&encoding)? == "buffer";
    let text = |text: &str| {
        if as_buffer {
            buffer::new_buffer(c.ctx, text.as_bytes())
        } else {
            c.ctx.string(text)
        }
    };
    let info = c.ctx.object();
    c.ctx.set(
        &info,
        "uid",
        c.ctx.number(f64::from(c.env().identity.borrow().user)),
    );
    c.ctx.set(
        &info,
        "gid",
        c.ctx.number(f64::from(c.env().identity.borrow().group)),
    );
    c.ctx.set(&info, "username", text("root"));
    c.ctx.set(&info, "homedir", text("/root"));
    c.ctx.set(&info, "shell", text("/bin/sh"));
    Ok(info)
}
