fn main() {
    yew::Renderer::<playground::page::App>::new().render();
}
