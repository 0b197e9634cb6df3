//! gateway.yaml: any text is either refused with a place in it, or can be rendered and read by the filter.

#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use tollgate::config::compiled::{ModelAccess, Plugin};
use tollgate::config::{Kind, parse};
use tollgate::render::{Place, envoy};
use tollgate_fuzz::LONGEST;

fuzz_target!(|text: &str| {
    if text.len() > LONGEST {
        return;
    }
    let gateway = match parse("gateway.yaml", text) {
        Ok(gateway) => gateway,
        Err(problems) => {
            assert!(!problems.is_empty());
            let lines = text.split(['\n', '\r']).count();
            for problem in problems {
                match problem.position {
                    Some(position) => assert!((1..=lines + 1).contains(&position.line), "{problem}"),
                    None => assert_eq!(problem.kind, Kind::EmptyFile),
                }
                assert!(!problem.to_string().is_empty());
            }
            return;
        }
    };
    for target in gateway.policy.models.values().flat_map(|model| &model.targets) {
        assert!(
            gateway.adapter.providers.contains_key(&target.target.provider),
            "every target has a provider"
        );
    }
    for name in gateway.adapter.providers.values().filter_map(|provider| provider.credential.as_ref()) {
        assert!(gateway.credentials.contains_key(name), "every credential can be found");
    }
    for key in gateway.policy.keys.values() {
        if let ModelAccess::Only(models) = &key.models {
            assert!(
                models.iter().all(|name| gateway.policy.models.contains_key(name)),
                "every grant is of a model"
            );
            assert!(models.is_sorted(), "as the lookup expects");
        }
    }
    for plugin in [Plugin::Policy(gateway.policy.clone()), Plugin::Adapter(gateway.adapter.clone())] {
        let written = serde_json::to_vec(&plugin).expect("a plugin's configuration can be written");
        assert_eq!(serde_json::from_slice::<Plugin>(&written).expect("and read again"), plugin);
    }
    let place = Place { directory: PathBuf::from("/gateway"), module: PathBuf::from("/tollgate.wasm") };
    assert!(!envoy(&gateway, &place).files.is_empty());
});
