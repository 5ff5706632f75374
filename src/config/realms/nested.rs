//! Bases below bases: each DN belongs to the realm with the longest base, so no entry of another may stand there.

use super::settings::RealmSettings;
use crate::config::errors::Problem;
use crate::model::{dn::Dn, matching::NormalizedDn, schema::Schema};

/// The naming attributes of users and groups, which are made of rows.
const NAMED_BY_ROWS: [&str; 2] = ["uid", "cn"];

/// Notes bases that are no realm's own, and those that stand where another realm has entries.
pub(crate) fn check(realms: &[RealmSettings], problems: &mut Vec<Problem>) {
    let schema = Schema::standard();
    let bases: Vec<NormalizedDn> = realms.iter().map(|realm| realm.base.normalize(&schema)).collect();
    for (position, (realm, base)) in realms.iter().zip(&bases).enumerate() {
        if base.is_root() {
            continue;
        }
        let place = realm.place("LDAP_BASE_DN");
        if let Some((other, _)) = realms
            .iter()
            .zip(&bases)
            .take(position)
            .find(|(_, other)| *other == base)
        {
            let text = format!("is the base of {} too", other.place("LDAP_BASE_DN"));
            problems.push(Problem::other(&place, text));
        }
        for account in &realm.layout.service_accounts {
            let owner = account.normalize(&schema).longest_of(&bases);
            if let Some(other) = owner
                .filter(|owner| *owner != position)
                .and_then(|owner| realms.get(owner))
            {
                let text = format!(
                    "{account} stands below the base of another realm, {}",
                    other.place("LDAP_BASE_DN")
                );
                problems.push(Problem::other(&realm.place("SERVICE_ACCOUNTS"), text));
            }
        }
        for (outer, _) in realms
            .iter()
            .zip(&bases)
            .filter(|(_, other)| base.is_descendant_of(other))
        {
            problems.extend(entry_there(outer, realm, base, &schema).map(|text| Problem::other(&place, text)));
        }
    }
}

/// Which entry of the outer realm would stand where the inner one begins.
fn entry_there(outer: &RealmSettings, inner: &RealmSettings, base: &NormalizedDn, schema: &Schema) -> Option<String> {
    let layout = &outer.layout;
    let homes = [(&layout.users, "LDAP_USERS_RDN"), (&layout.groups, "LDAP_GROUPS_RDN")];
    for (container, setting) in homes {
        let home = match container {
            Some(rdn) => outer.base.child(rdn.clone()),
            None => outer.base.clone(),
        };
        if container.is_some() && home.normalize(schema) == *base {
            return Some(format!("is a container of another realm, {}", outer.place(setting)));
        }
        let is_child = inner
            .base
            .parent()
            .is_some_and(|parent: Dn| parent.normalize(schema) == home.normalize(schema));
        let attribute = inner
            .base
            .rdns()
            .first()
            .and_then(|rdn| rdn.single())
            .map(|(attribute, _)| attribute);
        let id = attribute.and_then(|attribute| schema.attribute(attribute));
        if is_child && id.is_some_and(|id| NAMED_BY_ROWS.iter().any(|name| schema.attribute(name) == Some(id))) {
            let text = format!(
                "is where users or groups of another realm stand, {}",
                outer.place("LDAP_BASE_DN")
            );
            return Some(text);
        }
    }
    None
}
