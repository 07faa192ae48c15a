//! All function components as one.
//!
//! Yew writes 6 kB of code for each type of component. To it, all that are put into the page by [`erased`] are of one type.

use std::{any::Any, rc::Rc};

use yew::{
    functional::{FunctionProvider, Hook, HookContext},
    prelude::*,
    virtual_dom::{Key, VComp},
};

/// As `html! { <C ..props /> }`. Two of the same `C` cannot stand beside each other without elements around them.
pub fn erased<C>(props: C::Properties) -> Html
where
    C: FunctionProvider<Properties: 'static>,
{
    erased_with_key::<C>(props, 0)
}

/// As `html! { <C {key} ..props /> }`.
pub fn erased_with_key<C>(props: C::Properties, key: u32) -> Html
where
    C: FunctionProvider<Properties: 'static>,
{
    // What stood there before keeps its states only if it is of the same type, and else has other ones.
    let key = Key::from(format!("{} {key}", run::<C> as *const () as usize));
    let props = ErasedProps {
        run: run::<C>,
        is_equal: is_equal::<C>,
        props: Rc::new(props),
    };
    VComp::new::<Erased>(Rc::new(props), Some(key)).into()
}

type Run = fn(&mut HookContext, &dyn Any) -> HtmlResult;

#[derive(Clone, Properties)]
struct ErasedProps {
    run: Run,
    is_equal: fn(&dyn Any, &dyn Any) -> bool,
    props: Rc<dyn Any>,
}

impl PartialEq for ErasedProps {
    fn eq(&self, other: &Self) -> bool {
        (self.is_equal)(&*self.props, &*other.props)
    }
}

fn run<C>(ctx: &mut HookContext, props: &dyn Any) -> HtmlResult
where
    C: FunctionProvider<Properties: 'static>,
{
    match props.downcast_ref() {
        Some(props) => C::run(ctx, props),
        None => Ok(Html::default()),
    }
}

fn is_equal<C>(one: &dyn Any, other: &dyn Any) -> bool
where
    C: FunctionProvider<Properties: 'static>,
{
    one.downcast_ref::<C::Properties>() == other.downcast_ref()
}

#[component]
fn Erased(props: &ErasedProps) -> HtmlResult {
    use_hooks_of(props)
}

fn use_hooks_of(props: &ErasedProps) -> HooksOf<'_> {
    HooksOf(props)
}

struct HooksOf<'a>(&'a ErasedProps);

impl Hook for HooksOf<'_> {
    type Output = HtmlResult;

    fn run(self, ctx: &mut HookContext) -> HtmlResult {
        (self.0.run)(ctx, &*self.0.props)
    }
}
