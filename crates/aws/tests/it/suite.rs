//! Running the contract suite of `tests/contract` on the adapters.

/// One test for each promise: `name, world => (adapters), module: functions`. The expressions in the parentheses
/// make the adapters in a world of their own; they may await (`world.table("notices").await`).
macro_rules! suite {
    ($name:ident, $world:ident => $adapters:tt, $module:ident: $($test:ident),+ $(,)?) => {
        mod $name {
            #[allow(unused_imports, reason = "what the expression of the adapters names")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let $world = crate::ministack::World::new().await;
                    zorgsluis_contract::$module::$test $adapters.await;
                }
            )+
        }
    };
}

pub(crate) use suite;
