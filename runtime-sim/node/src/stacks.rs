//! The frames of Node's own code under a callback, as v20.20.2 shows them: function, file, line, column.

pub type HostFrame = (&'static str, &'static str, u32, u32);

pub const MAIN_COMMONJS: &[HostFrame] = &[
    (
        "Module._compile",
        "node:internal/modules/cjs/loader",
        1521,
        14,
    ),
    (
        "Module._extensions..js",
        "node:internal/modules/cjs/loader",
        1623,
        10,
    ),
    ("Module.load", "node:internal/modules/cjs/loader", 1266, 32),
    ("Module._load", "node:internal/modules/cjs/loader", 1091, 12),
    (
        "Function.executeUserEntryPoint [as runMain]",
        "node:internal/modules/run_main",
        164,
        12,
    ),
    ("", "node:internal/main/run_main_module", 28, 49),
];

pub const MAIN_MODULE: &[HostFrame] = &[(
    "ModuleJob.run",
    "node:internal/modules/esm/module_job",
    325,
    25,
)];

pub const TICK: &[HostFrame] = &[(
    "process.processTicksAndRejections",
    "node:internal/process/task_queues",
    77,
    11,
)];

pub const MICROTASK: &[HostFrame] = &[(
    "process.processTicksAndRejections",
    "node:internal/process/task_queues",
    95,
    5,
)];

pub const TIMER: &[HostFrame] = &[
    ("listOnTimeout", "node:internal/timers", 581, 17),
    ("process.processTimers", "node:internal/timers", 519, 7),
];

pub const IMMEDIATE: &[HostFrame] =
    &[("process.processImmediate", "node:internal/timers", 483, 21)];
