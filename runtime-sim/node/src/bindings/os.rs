//! `src/node_os.cc`: the world's host that the process runs on, with its name, cores and address, and the user root.

#[cfg(feature = "whole")]
use std::net::IpAddr;

use crate::engine::value::{Js, Value};

// The plain jar has no hosts.
#[cfg(not(feature = "whole"))]
use super::contextify::{
    want_whole_jar as interfaces, want_whole_jar as parallelism, want_whole_jar as processors,
};

use super::{
    buffer,
    native::{Call, Target},
    process::PID,
};

const PRIORITY_MIN: i32 = -20;
const PRIORITY_MAX: i32 = 19;

pub fn initialize(t: &Target) {
    t.with("getHostname", |c| {
        Ok(c.ctx.string(&c.env().host().spec.host))
    })
    .with("getOSInformation", |c| {
        Ok(c.ctx.strings(["Linux", "#1 SMP", "6.1.0", "x86_64"]))
    })
    .with("getHomeDirectory", |c| {
        let home = super::variables::get(c.env(), "HOME");
        Ok(c.ctx.string(home.as_deref().unwrap_or("/root")))
    })
    .with("getTotalMem", |c| Ok(c.ctx.number(8e9)))
    .with("getFreeMem", |c| Ok(c.ctx.number(4e9)))
    .with("getAvailableParallelism", parallelism)
    .with("getUptime", |c| {
        Ok(c.ctx.number(1000.0 + c.env().now_ns() as f64 / 1e9))
    })
    .with("getCPUs", processors)
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

/// One where the world does not count them.
#[cfg(feature = "whole")]
fn cores(c: &Call) -> usize {
    let world = c.env().place().scheduler.world();
    let name = &c.env().host().spec.host;
    let cores = world.borrow().network.cores(name);
    cores.max(1)
}

#[cfg(feature = "whole")]
fn parallelism(c: &Call) -> Js<Value> {
    Ok(c.ctx.number(cores(c) as f64))
}

/// Model, speed in MHz, and five times for what it has done so far.
#[cfg(feature = "whole")]
fn processors(c: &Call) -> Js<Value> {
    let numbers = [3000.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let cores = (0..cores(c)).flat_map(|_| {
        let numbers = numbers.map(|value| c.ctx.number(value));
        [c.ctx.string("Terrarium")].into_iter().chain(numbers)
    });
    Ok(c.ctx.array(cores))
}

/// Name, address, mask, family, hardware address, whether it is internal, scope: seven for each.
#[cfg(feature = "whole")]
fn interfaces(c: &Call) -> Js<Value> {
    let row = |name, address: IpAddr, hardware: &str, is_internal| {
        let text = |text| c.ctx.string(text);
        [
            text(name),
            text(&address.to_string()),
            text("255.0.0.0"),
            text("IPv4"),
            text(hardware),
            c.ctx.bool(is_internal),
            c.ctx.number(-1.0),
        ]
    };
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let mut rows = vec![row("lo", loopback, "00:00:00:00:00:00", true)];
    let world = c.env().place().scheduler.world();
    let found = world.borrow().network.resolve(&c.env().host().spec.host);
    if let Some(IpAddr::V4(address)) = found.first() {
        // What a container's would be.
        let [a, b, c, d] = address.octets();
        let hardware = format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}");
        rows.push(row("eth0", (*address).into(), &hardware, false));
    }
    Ok(c.ctx.array(rows.into_iter().flatten()))
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
