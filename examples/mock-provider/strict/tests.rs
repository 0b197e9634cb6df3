//! The limits are of members that there are: a limit of a member that was renamed would hold nothing.

use super::{anthropic, gemini, openai};

#[test]
fn every_limit_is_of_a_member_that_there_is() {
    for shapes in [openai::shapes(), anthropic::shapes(), gemini::shapes()] {
        for (name, _) in shapes.limits {
            let (structure, member) = name.split_once('.').unwrap();
            let shape = &shapes.structures[structure];
            assert!(
                ["required", "optional"].iter().any(|kind| !shape[kind][member].is_null()),
                "{name} is not in the shapes"
            );
        }
    }
}
