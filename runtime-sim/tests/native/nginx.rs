//! An nginx whose configuration the reader may change.

use crate::common::{jar, scenario};
use protocol::{
    Command, File, Reply, Scenario, codec::Packed, lesson::FOLDER, scenario::Machines,
    service::NginxSpec,
};

fn world(text: &str, config: Option<&str>) -> Scenario {
    let mut world = scenario("main.js", b"", 1);
    world.processes[0].files.push(File {
        path: format!("{FOLDER}/nginx.conf"),
        bytes: text.as_bytes().to_vec(),
    });
    world.network.machines = Packed::new(&Machines {
        nginx: vec![NginxSpec {
            host: "edge".into(),
            file: "nginx.conf".into(),
            config: config.map(str::to_owned),
        }],
        ..Machines::default()
    });
    world
}

const SOUND: &str = "events {}\nhttp { server { listen 80; return 200 'hello'; } }\n";

#[test]
fn the_lessons_file_is_read() {
    let started = jar().carry_out(Command::Start(world(SOUND, None)));
    assert!(matches!(started, Reply::Started { .. }), "{started:?}");
    let refused = jar().carry_out(Command::Start(world("events {}\nhtpt {}\n", None)));
    let Reply::Refused { reason } = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.starts_with("nginx.conf:2:"), "{reason}");
}

#[test]
fn what_the_author_wrote_is_not_replaced() {
    let started = jar().carry_out(Command::Start(world("nonsense", Some(SOUND))));
    assert!(matches!(started, Reply::Started { .. }), "{started:?}");
}
