//! What of the present files has to stay when new ones are written.
//!
//! Envoy takes up one file after the other. Until it has taken up the new policy, the present one sends requests to the clusters
//! without an adapter that it knows ([`Direct`](crate::config::compiled::Direct)), which new files may not have any more: a model
//! was given another target. They stay until the files are written the next time.
//!
//! Promises: a request that was built for one address never gets to another, and no credential: a cluster does not stay whose
//! target has changed, or the place where its credential is found. Nothing stays of files from before the present ones.
//!
//! Deliberately unknown here: whether Envoy has taken up the present policy. Where it has refused it, or files are written again
//! before it was there, it goes by an older one, whose requests are refused.

use std::collections::BTreeMap;

use serde_json::Value;

/// How the names of the clusters begin by which targets are reached without an adapter.
const DIRECT: &str = "direct:";

/// How the names of targets' clusters begin that are their chains' only ones, and may go with them.
const SOLE: &str = "sole:";

/// The resources of `clusters`, and those of the present ones that the present policy, a text, still leads to, but for those that
/// refer to a file that has `changed`.
pub(super) fn with_those_in_use(
    mut clusters: Value,
    present: &Value,
    policy: &str,
    changed: &[String],
) -> Value {
    let (new, old) = (by_name(&clusters), by_name(present));
    let mut stay: BTreeMap<&str, &Value> = BTreeMap::new();
    let in_use = |name: &str| name.starts_with(DIRECT) && !new.contains_key(name) && policy.contains(name);
    for (name, cluster) in old.iter().filter(|(name, _)| in_use(name)) {
        let (targets, text) = (targets(cluster), cluster.to_string());
        if changed.iter().any(|file| text.contains(file.as_str())) {
            continue;
        }
        let is_as_ever = |target: &&str| match (new.get(target), old.get(target)) {
            // What a cluster before a listener inside of Envoy leads to is not told by itself.
            (Some(new), Some(old)) => target.starts_with(SOLE) && new == old,
            (None, Some(_)) => target.starts_with(SOLE),
            (_, None) => false,
        };
        if targets.iter().all(is_as_ever) {
            stay.insert(name, cluster);
            let gone = targets.into_iter().filter(|target| !new.contains_key(target));
            stay.extend(gone.filter_map(|target| Some((target, *old.get(target)?))));
        }
    }
    // What is referred to comes first: the names of targets do, by their letters, only behind those that lead to them.
    let stay: Vec<Value> = stay.into_values().rev().cloned().collect();
    if let Some(all) = clusters.get_mut("resources").and_then(Value::as_array_mut) {
        all.extend(stay);
    }
    clusters
}

fn by_name(clusters: &Value) -> BTreeMap<&str, &Value> {
    let all = clusters.get("resources").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| Some((one.get("name")?.as_str()?, one))).collect()
}

/// The clusters of its attempts.
fn targets(cluster: &Value) -> Vec<&str> {
    let all = cluster.pointer("/cluster_type/typed_config/clusters").and_then(Value::as_array);
    let name = |entry: &'_ Value| entry.get("name").is_some();
    all.into_iter()
        .flatten()
        .filter_map(|entry| if name(entry) { entry.get("name")?.as_str() } else { entry.as_str() })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn direct(name: &str, target: &str) -> Value {
        json!({"name": name, "cluster_type": {"typed_config": {"clusters": [{"name": target}]}}})
    }

    fn target(name: &str, address: &str) -> Value {
        json!({"name": name, "load_assignment": address})
    }

    fn names(clusters: &Value) -> Vec<&str> {
        clusters["resources"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
    }

    const POLICY: &str = r#"{"cluster":"direct:m:p/a:0"}"#;

    #[test]
    fn what_the_present_policy_leads_to_stays() {
        let present = json!({"resources": [target("sole:p/a", "1"), direct("direct:m:p/a:0", "sole:p/a")]});
        // It takes an adapter from now on.
        let new = json!({"resources": [target("sole:p/a", "1"), {"name": "model/m"}]});
        let kept = with_those_in_use(new.clone(), &present, POLICY, &[]);
        assert_eq!(names(&kept), ["sole:p/a", "model/m", "direct:m:p/a:0"]);
        // A target was added.
        let new = json!({"resources": [target("p/a", "1"), {"name": "model/m"}]});
        let kept = with_those_in_use(new.clone(), &present, POLICY, &[]);
        assert_eq!(names(&kept), ["p/a", "model/m", "sole:p/a", "direct:m:p/a:0"]);
        // The next time it goes.
        assert_eq!(with_those_in_use(new.clone(), &kept, "{}", &[]), new);
    }

    #[test]
    fn what_leads_elsewhere_does_not_stay() {
        let present = json!({"resources": [target("sole:p/a", "1"), direct("direct:m:p/a:0", "sole:p/a")]});
        let new = json!({"resources": [target("sole:p/a", "2"), direct("direct:m:p/a:1", "sole:p/a")]});
        assert_eq!(with_those_in_use(new.clone(), &present, POLICY, &[]), new);
        // Nor where an inner listener stands before the target, which may be another behind it.
        let inner = "within:300ms:sole:p/a";
        let clusters = |address: &str| vec![target("sole:p/a", address), target(inner, "inside")];
        let present = [&clusters("1")[..], &[direct("direct:m:p/a:0", inner)]].concat();
        let present = json!({ "resources": present });
        let new = json!({"resources": clusters("2")});
        assert_eq!(with_those_in_use(new.clone(), &present, POLICY, &[]), new);
        // Its credential is another's now.
        let present = json!({"resources": [target("sole:p/a", "1"), direct("direct:m:p/a:0", "sole:p/a")]});
        let mut present = present.clone();
        present["resources"][1]["path"] = "/state/secrets/llm.json".into();
        let new = json!({"resources": [target("sole:p/a", "1")]});
        let changed = |file: &str| with_those_in_use(new.clone(), &present, POLICY, &[file.to_owned()]);
        assert_eq!(changed("secrets/llm.json"), new);
        assert_eq!(names(&changed("secrets/other.json")), ["sole:p/a", "direct:m:p/a:0"]);
        // Nothing that another cluster is called replaces one of the new.
        let new = json!({"resources": [target("sole:p/a", "1"), direct("direct:m:p/a:0", "sole:p/a")]});
        assert_eq!(with_those_in_use(new.clone(), &present, POLICY, &[]), new);
        for present in [json!({}), json!({"resources": [direct("direct:m:p/a:0", "sole:p/b")]})] {
            assert_eq!(with_those_in_use(new.clone(), &present, POLICY, &[]), new);
        }
    }
}
