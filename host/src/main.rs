//! The program `terrarium`; all of it is in [`terrarium::command_line`].

fn main() -> std::process::ExitCode {
    terrarium::command_line::main()
}
