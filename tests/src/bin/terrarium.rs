//! The program `terrarium` once more: Cargo tells a suite the path of its own package's programs only.

fn main() -> std::process::ExitCode {
    terrarium::command_line::main()
}
