//! Code that an earlier run has compiled changes nothing but how soon a run is done.

use protocol::{Command, File, Reply, Scenario};

use super::common::{Run, carry_out, jar, scenario};

const PACKAGE: &str = "/app/node_modules/greets/index.js";

fn program(source: &str, package: &str) -> Scenario {
    let mut scenario = scenario("main.js", source.as_bytes(), 1);
    scenario.processes[0].files.push(File {
        path: PACKAGE.to_owned(),
        bytes: package.as_bytes().to_vec(),
    });
    scenario
}

/// The run, and what it compiled beyond what it was given.
fn run(compiled: &[&[u8]], scenario: Scenario) -> (Run, Vec<u8>) {
    let mut jar = jar();
    for library in compiled {
        let library = library.to_vec();
        let reply = jar.carry_out(Command::Load { library });
        assert!(matches!(reply, Reply::Loaded { .. }), "{reply:?}");
    }
    let run = carry_out(&mut jar, scenario, 1 << 40);
    match jar.carry_out(Command::Compiled) {
        Reply::Compiled { library } => (run, library),
        other => panic!("{other:?}"),
    }
}

const ASKS: &str = "
const { Worker } = require('node:worker_threads');
const greet = require('greets');
require('node:http');
new Worker('console.log(require(`node:os`).EOL.length)', { eval: true }).on('exit', () => {
  console.log(greet.toString(), process.memoryUsage().heapUsed);
  try { greet(); } catch (error) { console.log(error.stack); }
});
";

const GREETS: &str = "module.exports = (name) => `hello ${name.first}`; // greets";

#[test]
fn a_run_on_compiled_code_is_the_same() {
    let (first, compiled) = run(&[], program(ASKS, GREETS));
    assert!(first.stdout.contains("reading 'first'"), "{}", first.stdout);
    assert!(
        first.stdout.contains("greets/index.js:1:42"),
        "{}",
        first.stdout
    );
    assert!(compiled.len() > 100_000, "{} bytes", compiled.len());
    let (second, newer) = run(&[&compiled], program(ASKS, GREETS));
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(first.events, second.events);
    assert_eq!(first.hash, second.hash);
    assert!(
        newer.is_empty(),
        "{} bytes were compiled again",
        newer.len()
    );
}

#[test]
fn another_file_of_the_same_name_is_another_file() {
    let greets = "console.log(require('greets')())";
    let (_, compiled) = run(&[], program(greets, "module.exports = () => 'one';"));
    let (run, newer) = run(
        &[&compiled],
        program(greets, "module.exports = () => 'two';"),
    );
    assert_eq!(run.stdout, "two\n");
    assert!(!newer.is_empty());
}

/// The library's names are the library's own.
#[test]
fn no_program_compiles_for_the_library() {
    let source = "
const module_ = new module.constructor('odd');
module_._compile('module.exports = `mine`', 'node:os');
console.log(module_.exports, typeof require('node:os').cpus);
";
    let (first, compiled) = run(&[], program(source, ""));
    assert_eq!(first.stdout, "mine function\n");
    assert_eq!(
        run(&[&compiled], program(source, "")).0.stdout,
        "mine function\n"
    );
}

#[test]
fn what_does_not_compile_says_why_each_time() {
    let source = "try { require('greets') } catch (error) { console.log(error.stack.split('\\n').slice(0, 5).join('|')) }";
    let (first, compiled) = run(&[], program(source, "let a = 1;\nlet a = 2;"));
    assert!(
        first
            .stdout
            .starts_with("/app/node_modules/greets/index.js:2|let a = 2;|    ^|"),
        "{}",
        first.stdout
    );
    assert_eq!(
        run(&[&compiled], program(source, "let a = 1;\nlet a = 2;"))
            .0
            .stdout,
        first.stdout
    );
}

#[test]
fn code_that_is_cut_off_is_refused() {
    let (_, mut compiled) = run(&[], program("require('node:os')", ""));
    compiled.pop();
    let reply = jar().carry_out(Command::Load { library: compiled });
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
}
